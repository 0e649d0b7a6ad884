import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../app/core/clock.node.ts';
import { readingOf } from '../../app/metrics/frame.ts';
import type { SmiPatience } from '../../app/telemetry/smi/process.node.ts';
import { openSmi } from '../../app/telemetry/smi/source.node.ts';
import type { SourceSample, TelemetrySource } from '../../app/telemetry/source.ts';
import { temporaryFolder } from '../support/folders.ts';
import { sharedCase } from '../support/shared.ts';

const DOCUMENT = path.resolve('test/fixtures/nvidia-smi/two-cards.xml');

/** A program in the place of nvidia-smi. Its first line of output is the arguments it was given, on stderr. */
function program(script: string): string {
  const file = path.join(temporaryFolder(), 'nvidia-smi');
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}

async function open(script: string, patience: Partial<SmiPatience> = {}): Promise<TelemetrySource> {
  const opened = await openSmi({ clock: systemClock, intervalMs: 200, program: program(script), patience });
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.value.close());
  return opened.value;
}

describe('nvidia-smi', () => {
  it('is started once and read for as long as it runs', async () => {
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

describe('a document that cannot be read', () => {
  it('is named as the reason, and no driver is said to be silent', async () => {
    const folder = temporaryFolder();
    fs.writeFileSync(`${folder}/damaged.xml`, fs.readFileSync(DOCUMENT, 'utf8').replace('</utilization>', ''));
    const source = await open(
      `cat ${DOCUMENT}; while [ ! -e ${folder}/well ]; do sleep 0.05; cat ${folder}/damaged.xml; done; cat ${DOCUMENT}; exec sleep 60`,
    );
    await source.read(2000);
    const wrong = await source.read(2000);
    expect(wrong.fault).toMatchObject({
      code: 'nvidia-smi-unreadable',
      message: expect.stringContaining('its document cannot be read') as string,
    });
    expect(wrong.gpus.map(({ frame }) => readingOf(frame, 'coreTempC').state)).toEqual(['failed', 'failed']);
    fs.writeFileSync(`${folder}/well`, '');
    for (;;) {
      const sample = await source.read(2000);
      if (sample.fault === undefined) return expect(readingOf(sample.gpus[0]!.frame, 'coreTempC').state).toBe('value');
    }
  });

  it('is named from the start, too', async () => {
    const smi = program('while true; do echo "<nvidia_smi_log><gpu></nvidia_smi_log>"; sleep 0.05; done');
    const opened = await openSmi({ clock: systemClock, intervalMs: 200, program: smi });
    expect(opened).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining('its document cannot be read') as string },
    });
  });
});

describe('a card that the driver cannot reach', () => {
  const GONE = 'Unable to determine the device handle for GPU0000:BA:80.0: Unknown Error';
  const UUID = 'GPU-aaaaaaaa-0000-0000-0000-000000000001';

  it('is named, with what to do about it', async () => {
    const real = sharedCase('smi-one-card-unreachable/nvidia-smi');
    const script = real ? `exec sh ${real} "$@"` : `echo "${GONE}"; exit 255`;
    const opened = await openSmi({ clock: systemClock, intervalMs: 200, program: program(script) });
    expect(opened).toMatchObject({
      ok: false,
      error: {
        message: 'The driver cannot reach the GPU at BA:80.0.',
        next: expect.stringContaining('power cables') as string,
      },
    });
  });

  it('does not keep the others from being read, until it answers again', async () => {
    const folder = temporaryFolder();
    const source = await open(
      `case "$*" in
         -L*) echo "GPU 0: Fixture Card One (UUID: ${UUID})"; [ -e ${folder}/well ] || echo "${GONE}" ;;
         *${UUID}*) while true; do cat ${DOCUMENT}; sleep 0.05; done ;;
         *) if [ -e ${folder}/well ]; then while true; do cat ${DOCUMENT}; sleep 0.05; done; fi; echo "${GONE}"; exit 255 ;;
       esac`,
      { calmMs: 300, restartMs: [100] },
    );
    const sample = await source.read(2000);
    expect(readingOf(sample.gpus[0]!.frame, 'coreTempC')).toMatchObject({ value: 67 });
    expect(sample.fault).toMatchObject({
      code: 'nvidia-smi-gpu-unreachable',
      message: 'The driver cannot reach the GPU at BA:80.0. The other GPUs are recorded.',
    });
    fs.writeFileSync(`${folder}/well`, '');
    for (;;) if ((await source.read(2000)).fault === undefined) return;
  });

  it('while it runs, is lost, and the others go on', async () => {
    const folder = temporaryFolder();
    const source = await open(
      `case "$*" in
         *${UUID}*) while true; do cat ${DOCUMENT}; sleep 0.05; done ;;
         *) if [ -e ${folder}/gone ]; then echo "${GONE}"; exit 255; fi
            while [ ! -e ${folder}/gone ]; do cat ${DOCUMENT}; sleep 0.05; done; echo "${GONE}"; exit 255 ;;
       esac`,
      { restartMs: [100] },
    );
    await source.read(2000);
    fs.writeFileSync(`${folder}/gone`, '');
    for (;;) {
      const { gpus, fault } = await source.read(2000);
      const states = gpus.map(({ frame }) => readingOf(frame, 'coreTempC').state);
      if (fault?.message.includes('are recorded') && states[0] === 'value') return expect(states[1]).toBe('lost');
    }
  });
});

describe('a program that hangs', () => {
  const [FIRST, SECOND] = ['GPU-11111111-0000-0000-0000-000000000000', 'GPU-22222222-0000-0000-0000-000000000000'];
  /** A document of cards that are well: the fixture's first one, under other names. */
  function documentOf(...uuids: readonly string[]): string {
    const text = fs.readFileSync(DOCUMENT, 'utf8');
    const card = /<gpu id=[\s\S]*?<\/gpu>/.exec(text)![0];
    const cards = uuids.map((uuid) => card.replace(/<uuid>.*?<\/uuid>/, `<uuid>${uuid}</uuid>`));
    const file = path.join(temporaryFolder(), 'document.xml');
    fs.writeFileSync(file, text.replace(/<gpu id=[\s\S]*<\/gpu>/, cards.join('\n')));
    return file;
  }
  const soon = { silentMs: 400, restartMs: [100], calmMs: 500 };
  const temps = (sample: SourceSample) => sample.gpus.map(({ frame }) => readingOf(frame, 'coreTempC').state);
  async function readUntil(source: TelemetrySource, satisfied: (sample: SourceSample) => boolean) {
    const untilMs = Date.now() + 20_000;
    for (;;) {
      const sample = await source.read(2_000);
      if (satisfied(sample)) return sample;
      if (Date.now() > untilMs) throw new Error(`it never came to that: ${JSON.stringify(sample.fault)}`);
    }
  }
  const isRunning = (pid: number): boolean => {
    try {
      // killed, but its parent in a container may never ask for its end
      return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };

  it('is killed with everything it started, and another takes its place', async () => {
    const folder = temporaryFolder();
    const both = documentOf(FIRST, SECOND);
    const source = await open(
      `cat ${both}
       if [ ! -e ${folder}/second ]; then
         touch ${folder}/second; trap '' TERM; sleep 600 & echo $$ $! > ${folder}/pids; wait; wait; sleep 600
       fi
       while true; do sleep 0.1; cat ${both}; done`,
      soon,
    );
    await source.read(2000);
    const silent = await readUntil(source, ({ fault }) => fault !== undefined);
    expect(silent.fault).toMatchObject({ code: 'nvidia-smi-stalled' });
    expect(temps(silent)).toEqual(['stalled', 'stalled']);
    const back = await readUntil(source, ({ fault }) => fault === undefined);
    expect(temps(back)).toEqual(['value', 'value']);
    const pids = fs.readFileSync(`${folder}/pids`, 'utf8').trim().split(' ').map(Number);
    expect(pids).toHaveLength(2);
    expect(pids.filter(isRunning)).toEqual([]);
  });

  it('because of one card is asked for each card, so that the other keeps its readings, until both answer', async () => {
    const folder = temporaryFolder();
    const [both, one] = [documentOf(FIRST, SECOND), documentOf(FIRST)];
    const source = await open(
      `case "$*" in *${FIRST}*) document=${one};; *) document=${both};; esac
       while true; do
         if [ -e ${folder}/hangs ] && [ $document = ${both} ]; then exec sleep 600; fi
         cat $document; sleep 0.1
       done`,
      soon,
    );
    expect(temps(await source.read(2000))).toEqual(['value', 'value']);
    fs.writeFileSync(`${folder}/hangs`, '');
    const beside = await readUntil(source, ({ fault }) => fault?.code === 'nvidia-smi-gpu-hangs');
    expect(beside.gpus.map(({ gpu }) => gpu.uuid)).toEqual([FIRST, SECOND]);
    expect(temps(beside)).toEqual(['value', 'stalled']);
    fs.rmSync(`${folder}/hangs`);
    expect(temps(await readUntil(source, ({ fault }) => fault === undefined))).toEqual(['value', 'value']);
  });
});
