// A process that governs: it opens a tap and holds and lets go for as long as it lives. Started and killed by tests.
import { openTap } from '../../app/workload/governor/tap.node.ts';

const [journal, smi, pid, startedAt] = process.argv.slice(2);
const tap = openTap({ journal, smi });
process.stdout.write(`tap ${tap.pid()}\n`);
for (let i = 0; ; i++) {
  await tap.stop(Number(pid), startedAt);
  await tap.setCap('GPU-0', 200 + (i % 5) * 10);
  process.stdout.write(`held ${tap.pid()}\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (i % 3 === 2) {
    await tap.resume(Number(pid), startedAt);
    await tap.releaseCap('GPU-0');
  }
}
