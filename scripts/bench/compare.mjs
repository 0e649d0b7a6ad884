// What `npm run bench` guards: figures of bench/results.json, and how far each moves without a reason.

/**
 * `noise` is the share of the value that repeated runs on one machine differ by. Ratios compare two programs that run in turn, so
 * they hold on any machine. Everything else is compared only with figures of the same machine.
 * @type {Record<string, { better: 'lower' | 'higher', noise: number, ratio?: true }>}
 */
export const guarded = {
  'app.cpuMsATick.backToBack.nodeNvidiaSmiToSlowburn8Gpus': { better: 'higher', noise: 0.25, ratio: true },
  'app.cpuMsATick.oncePerSecond.nodeNvidiaSmiToSlowburn8Gpus': { better: 'higher', noise: 0.25, ratio: true },
  'app.cpuMsATick.oncePerSecond.nodeNvidiaSmiToSlowburn1Gpus': { better: 'higher', noise: 0.25, ratio: true },
  'app.cpuMsATick.oncePerSecond.slowburn1Gpus': { better: 'lower', noise: 0.25 },
  'app.cpuMsATick.oncePerSecond.slowburn8Gpus': { better: 'lower', noise: 0.25 },
  'app.firstValueMs.median': { better: 'lower', noise: 0.15 },
  'app.memoryMiB.pssWholeApp': { better: 'lower', noise: 0.05 },
  'history.bytesPerMetricSample': { better: 'lower', noise: 0.02, ratio: true },
  'history.gpuYearMb.allTiers': { better: 'lower', noise: 0.02, ratio: true },
  'history.gain.size': { better: 'higher', noise: 0.02, ratio: true },
  'history.gain.queryLastDay': { better: 'higher', noise: 0.3, ratio: true },
  'history.gain.queryLastWeek': { better: 'higher', noise: 0.3, ratio: true },
  'history.gain.append': { better: 'higher', noise: 0.2, ratio: true },
  'history.gain.decodePerDay': { better: 'higher', noise: 0.3, ratio: true },
  'history.append8Gpus.cpuUs': { better: 'lower', noise: 0.25 },
  'history.sealGpuHourMs.median': { better: 'lower', noise: 0.25 },
  'history.decodeYearOneMetricMs': { better: 'lower', noise: 0.25 },
  'wear.plainToOwn': { better: 'higher', noise: 0.2, ratio: true },
  'wear.streamingNsASample': { better: 'lower', noise: 0.25 },
  'workload.proxy.firstByteMs.addedMedian': { better: 'lower', noise: 0.4 },
  'workload.proxy.passedMBps.bytes': { better: 'higher', noise: 0.3 },
  'workload.attribution.msATick.median': { better: 'lower', noise: 0.3 },
  'telemetry.ratioToNodeNvidiaSmi': { better: 'higher', noise: 0.25, ratio: true },
  'telemetry.ratioToNodeNvidiaSmiOncePerSecond': { better: 'higher', noise: 0.25, ratio: true },
  'telemetry.tick.gpus8.cpuMs': { better: 'lower', noise: 0.25 },
  'telemetry.tick.gpus64.cpuMs': { better: 'lower', noise: 0.25 },
  'pace.rssMiB.end': { better: 'lower', noise: 0.05 },
  'pace.cpuMsPerTick': { better: 'lower', noise: 0.25 },
  'peers.toNvitopApi.record': { better: 'lower', noise: 0.3, ratio: true },
  'peers.toNvitopApi.monitorQuiet': { better: 'lower', noise: 0.3, ratio: true },
  'peers.toNvitopApi.monitorTable': { better: 'lower', noise: 0.3, ratio: true },
  'peers.ussToEmptyNode.record': { better: 'lower', noise: 0.1, ratio: true },
  'peers.cpuMsToFirstSample.record': { better: 'lower', noise: 0.25 },
  'rest.tray.corePct': { better: 'lower', noise: 0.5 },
  'rest.liveHidden.corePct': { better: 'lower', noise: 0.5 },
  'rest.live.corePct': { better: 'lower', noise: 0.3 },
};

/** A nested figure by its dotted name; undefined: it is not there. */
export function figureOf(results, name) {
  const value = name.split('.').reduce((inner, key) => inner?.[key], results);
  return typeof value === 'number' ? value : undefined;
}

/** The machine that a section was measured on. Results of earlier versions name one for all sections. */
export const machineOf = (results, section) => results[section]?.machine ?? results.machine;

const sameMachine = (a, b) => ['cpu', 'cores', 'node', 'electron'].every((key) => a?.[key] === b?.[key]);

/**
 * Compares a section with what was measured before.
 * @returns {{ compared: number, worse: string[], better: string[] }} one line per figure that moved by more than its noise
 */
export function compareSection(section, before, now, rows = guarded) {
  const same = sameMachine(machineOf(before, section), machineOf(now, section));
  const result = { compared: 0, worse: [], better: [] };
  for (const [name, { better, noise, ratio }] of Object.entries(rows)) {
    const [old, fresh] = [figureOf(before, name), figureOf(now, name)];
    if (!name.startsWith(`${section}.`) || old === undefined || fresh === undefined || !(ratio || same)) continue;
    result.compared++;
    const change = old === 0 ? 0 : (fresh - old) / old;
    const gain = better === 'higher' ? change : -change;
    if (Math.abs(change) <= noise) continue;
    const line = `${name}: ${old} → ${fresh} (${change > 0 ? '+' : ''}${Math.round(100 * change)} %, noise ± ${Math.round(100 * noise)} %)`;
    result[gain > 0 ? 'better' : 'worse'].push(line);
  }
  return result;
}
