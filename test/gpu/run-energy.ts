// Compares the energy that `slowburn run` reports with the driver's own counter, read beside it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { valueOf, createFrame } from '../../app/metrics/frame.ts';
import type { createReader } from '../../app/telemetry/nvml/reader.ts';

type Reading = { readonly tsMs: number; readonly joules: number };
type Session = {
  readonly id: number;
  readonly started: string;
  readonly ended: string;
  readonly energyJ: number;
  readonly energyLowJ: number;
  readonly energyHighJ: number;
};

const READ_EVERY_MS = 20;
/** Counters are updated every 20–100 ms: the difference of two readings may lack one update at each end. */
const LAG_MS = 100;
const program = path.resolve(import.meta.dirname, '../../out/node/slowburn.js');
const COMMAND = 'setTimeout(() => undefined, process.argv[1] * 1000)';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs Slowburn. @returns what it printed; throws if it failed */
async function slowburn(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (text) => (printed.out += String(text)));
  child.stderr.on('data', (text) => (printed.err += String(text)));
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(printed.err);
  return printed.out;
}

/** J at a moment, linear between the readings on either side. */
function at(readings: readonly Reading[], ms: number): number {
  const i = Math.max(
    1,
    readings.findIndex(({ tsMs }) => tsMs >= ms),
  );
  const [a, b] = [readings[i - 1]!, readings[i]!];
  return a.joules + ((b.joules - a.joules) * (ms - a.tsMs)) / Math.max(1, b.tsMs - a.tsMs);
}

/**
 * Runs commands of several lengths through `slowburn run`, and prints for each what it reported and what the counter shows.
 * @param cards number of cards; the energy is that of all together, because a command that sleeps is on none
 * @returns how often the counter lies outside the reported range; undefined: a card has no counter
 */
export async function checkRuns(
  { read }: Pick<ReturnType<typeof createReader>, 'read'>,
  cards: number,
  { library, lengths = [1, 5, 20] }: { readonly library?: string | undefined; readonly lengths?: readonly number[] },
  say: (line: string) => void,
): Promise<number | undefined> {
  const readings: Reading[] = [];
  function look(): void {
    let joules = 0;
    for (let card = 0; card < cards; card++) {
      const frame = createFrame();
      read(card, ['tick'], frame);
      joules += (valueOf(frame, 'energyMj') ?? Number.NaN) / 1000;
    }
    readings.push({ tsMs: Date.now(), joules });
  }
  look();
  if (Number.isNaN(readings[0]!.joules)) return undefined;

  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'slowburn-check-'));
  const source = library === undefined ? 'nvml' : `nvml:${library}`;
  let outside = 0;
  for (const [i, seconds] of lengths.entries()) {
    const ran = slowburn([
      'run',
      '--source',
      source,
      '--data-dir',
      folder,
      '--',
      process.execPath,
      '-e',
      COMMAND,
      String(seconds),
    ]);
    let running = true;
    void ran.finally(() => (running = false)).catch(() => undefined);
    while (running) {
      look();
      await sleep(READ_EVERY_MS);
    }
    await ran;
    const { sessions } = JSON.parse(await slowburn(['sessions', '--json', '--data-dir', folder])) as {
      readonly sessions: readonly Session[];
    };
    const newest = sessions.reduce((a, b) => (a.id > b.id ? a : b));
    if (sessions.length !== i + 1) throw new Error(`${sessions.length} sessions after ${i + 1} commands`);
    const [beganMs, endedMs] = [Date.parse(newest.started), Date.parse(newest.ended)];
    const counter = at(readings, endedMs) - at(readings, beganMs);
    const lag = at(readings, endedMs + LAG_MS) - at(readings, endedMs - LAG_MS);
    const { energyJ, energyLowJ, energyHighJ } = newest;
    const fits = counter + lag >= energyLowJ && counter - lag <= energyHighJ;
    if (!fits) outside++;
    say(
      `  ${seconds} s (session ${((endedMs - beganMs) / 1000).toFixed(2)} s): run ${energyJ.toFixed(1)} J (${energyLowJ.toFixed(1)} to ${energyHighJ.toFixed(1)} J), counter ${counter.toFixed(1)} J${fits ? '' : ': OUTSIDE'}`,
    );
  }
  fs.rmSync(folder, { recursive: true });
  return outside;
}
