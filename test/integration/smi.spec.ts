import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../app/clock.node.ts';
import { readingOf } from '../../app/reading.ts';
import { openSmi } from '../../app/telemetry/smi/source.node.ts';
import type { TelemetrySource } from '../../app/telemetry/source.ts';
import { temporaryFolder } from '../support/folders.ts';

const DOCUMENT = path.resolve('test/fixtures/nvidia-smi/two-cards.xml');

/** A program in the place of nvidia-smi. Its first line of output is the arguments it was given, on stderr. */
function program(script: string): string {
  const file = path.join(temporaryFolder(), 'nvidia-smi');
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

async function open(script: string): Promise<TelemetrySource> {
  const opened = await openSmi({ clock: systemClock, intervalMs: 200, program: program(script) });
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.value.close());
  return opened.value;
}

describe('nvidia-smi', () => {
  it('is started once and read for as long as it goes on', async () => {
    const folder = temporaryFolder();
    const source = await open(`echo "$@" >> ${folder}/starts; while true; do cat ${DOCUMENT}; sleep 0.05; done`);
    for (let i = 0; i < 10; i++) {
      const sample = await source.read(2000);
      expect(readingOf(sample.gpus[0]!.frame, 'coreTempC')).toMatchObject({ value: 67 });
    }
    expect(fs.readFileSync(`${folder}/starts`, 'utf8')).toBe('-q -x -lms 200\n');
    expect(source.info()).toMatchObject({ kind: 'nvidia-smi', label: 'nvidia-smi 575.57.08' });
  });

  it('that stops answering makes readings stalled, never old ones new', async () => {
    const source = await open(`cat ${DOCUMENT}; exec sleep 60`);
    await source.read(2000);
    const silent = await source.read(300);
    expect(silent.gpus.map(({ frame }) => readingOf(frame, 'coreTempC').state)).toEqual(['stalled', 'stalled']);
    expect(silent.fault).toMatchObject({ code: 'nvidia-smi-stalled' });
  });

  it('that ends is started again, and the cards are the same', async () => {
    const folder = temporaryFolder();
    const source = await open(
      `cat ${DOCUMENT}; if [ ! -e ${folder}/second ]; then touch ${folder}/second; echo "GPU has fallen off"; exit 9; fi; exec sleep 60`,
    );
    const first = await source.read(2000);
    let fault: string | undefined;
    for (let i = 0; i < 20; i++) {
      const sample = await source.read(300);
      fault ??= sample.fault?.message;
      if (readingOf(sample.gpus[0]!.frame, 'coreTempC').state === 'value') {
        expect(sample.gpus.map(({ gpu }) => gpu.uuid)).toEqual(first.gpus.map(({ gpu }) => gpu.uuid));
        expect(fault).toContain('GPU has fallen off');
        return;
      }
    }
    throw new Error('it was not started again');
  });

  it('that is not there, or fails at once, is refused with a sentence', async () => {
    const missing = await openSmi({ clock: systemClock, intervalMs: 200, program: '/nonexistent/nvidia-smi' });
    expect(missing).toMatchObject({
      ok: false,
      error: { message: 'The program /nonexistent/nvidia-smi was not found.' },
    });
    const failing = await openSmi({
      clock: systemClock,
      intervalMs: 200,
      program: program('echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."; exit 9'),
    });
    expect(failing).toMatchObject({ ok: false, error: { message: expect.stringContaining('could not communicate') } });
  });
});
