// A process that governs: it opens a limit helper and holds and resumes for as long as it lives. Started and killed by tests.
import { openLimitHelper } from '../../app/governor/limit-helper.node.ts';

const [journal, smi, pid, startedAt] = process.argv.slice(2);
const helper = openLimitHelper({ journal, smi });
const program = [{ pid: Number(pid), startedAt }];
process.stdout.write(`helper ${helper.pid()}\n`);
for (let i = 0; ; i++) {
  await helper.hold(program);
  await helper.setLimit('GPU-0', 200 + (i % 5) * 10);
  process.stdout.write(`held ${helper.pid()}\n`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (i % 3 === 2) {
    await helper.resume(program);
    await helper.restoreLimit('GPU-0');
  }
}
