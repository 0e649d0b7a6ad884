import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../app/core/clock.node.ts';
import { healthInput } from '../../app/health/input.ts';
import type { Fact } from '../../app/health/health-schema.ts';
import { judgeHealth } from '../../app/health/judge.ts';
import { openNvml } from '../../app/telemetry/nvml/source.node.ts';
import { startSampler } from '../../app/telemetry/sampler.ts';
import { temporaryFolder, threads } from '../support/folders.ts';
import { compileMock, controlMock } from '../support/mock-nvml.ts';
import { frameWith, testGpu, tickWith } from '../support/frames.ts';
import { openStore } from '../support/store.ts';

const uuid = 'GPU-00000000-0000-0000-0000-000000000000';

const factOf = (facts: readonly Fact[], id: string): Fact => facts.find((fact) => fact.id === id)!;

type Report = ReturnType<typeof judgeHealth>;
const measured =
  (id: string) =>
  ({ facts }: Report): boolean =>
    factOf(facts, id).verdict !== 'not-measurable';

/** What is said of a card whose driver answers so, as soon as it has come to that: driver → worker → sampler → history. */
async function judged(control: readonly string[], enough: (report: Report) => boolean, kernelLog?: string) {
  controlMock(...control);
  const source = await openNvml({
    clock: systemClock,
    settings: { intervalMs: 100, pcieThroughput: false },
    workerUrl: new URL('nvml-worker.js', threads),
    library: compileMock(),
    ...(kernelLog === undefined ? {} : { kernelLog }),
  });
  if (!source.ok) throw new Error(source.error.message);
  const { store } = openStore();
  return new Promise<Report>((resolve) => {
    const sampler = startSampler({
      source: source.value,
      onTick(tick) {
        store.append(tick);
        const report = judgeHealth(healthInput(store, uuid, true, Date.now()));
        if (enough(report)) resolve(report);
      },
    });
    onTestFinished(() => sampler.stop());
  });
}

describe('a fault of the driver’s card', () => {
  it.each([
    ['pages', ['set 0 field_29 31', 'set 0 field_30 32'], 'act', 'pages.full'],
    ['pages', ['set 0 field_29 2', 'set 0 field_30 1', 'set 0 field_31 1'], 'watch', 'pages.pending'],
    ['rows', ['set 0 field_145 1'], 'act', 'rows.failed'],
    ['rows', ['set 0 field_144 1', 'set 0 field_143 2'], 'act', 'rows.pending'],
    ['recovery', ['set 0 field_230 2'], 'act', 'recovery.action2'],
  ] as const)('in %s (%j) is called: %s', async (id, control, verdict, finding) => {
    const { facts } = await judged(control, measured(id));
    expect(factOf(facts, id)).toMatchObject({ verdict, finding });
  });

  it('is not called where the driver answers with zeros, and zeros alone prove no memory healthy', async () => {
    const { facts } = await judged(
      ['set * field_143 0', 'set * field_145 0', 'set * field_230 0'],
      measured('recovery'),
    );
    expect(factOf(facts, 'recovery').verdict).toBe('no-fault');
    expect(factOf(facts, 'rows').verdict).toBe('not-measurable');
    expect(factOf(facts, 'ecc').verdict).toBe('not-measurable');
  });

  it('in the kernel log is reported with its entry in the catalogue', async () => {
    const file = path.join(temporaryFolder(), 'kmsg');
    fs.writeFileSync(
      file,
      '4,100,1000,-;NVRM: Xid (PCI:0000:01:00): 119, pid=2024380, name=nvidia-smi, Timeout after 6s of waiting for RPC response from GPU0 GSP!\n',
    );
    const report = await judged([], ({ xids }) => xids.length > 0, file);
    expect(report.xids).toMatchObject([{ code: 119, origin: 'ambiguous', immediate: 'RESET_GPU' }]);
    expect(report.xids[0]!.said).toContain('GSP');
    // whether it is recent depends on when this machine started: the kernel only reports uptime
    expect(['act', 'no-fault']).toContain(factOf(report.facts, 'xid').verdict);
  });
});

describe('replays of the link in a history', () => {
  const start = Date.UTC(2026, 4, 1);
  /** A reading every 30 s. Where the counter falls, the driver was reloaded. */
  function pcieFact(replays: readonly number[]): Fact {
    const { store } = openStore();
    replays.forEach((pcieReplays, i) => {
      const link = { pcieReplays, pcieGen: i % 2 ? 4 : 1, pcieWidth: 16, pcieMaxWidth: 16 };
      store.append(tickWith(start + i * 30_000, i === 0 ? undefined : 30_000, [frameWith(link)]));
    });
    const { facts } = judgeHealth(healthInput(store, testGpu().uuid, true, store.extent()!.toMs));
    return factOf(facts, 'pcie');
  }

  it('are judged by the worst minute, at the speed of the link in use, and a new start of the counter is none', () => {
    const calm = Array.from({ length: 240 }, (_, i) => 1000 + Math.floor(i / 4));
    expect(pcieFact(calm)).toMatchObject({ verdict: 'no-fault', values: { bound: 16, by: 59, perMinute: 1 } });
    const burst = calm.map((count, i) => (i < 120 ? count : count + 17));
    expect(pcieFact(burst)).toMatchObject({ verdict: 'watch', values: { by: 76 } });
    const reloaded = calm.map((count, i) => (i < 120 ? count : count - 1000));
    expect(pcieFact(reloaded)).toMatchObject({ verdict: 'no-fault', tsMs: start + 239 * 30_000 });
    expect(pcieFact([7]).verdict).toBe('not-measurable');
  });
});
