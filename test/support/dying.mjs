// A recorder's process that dies: by an exception or a rejected promise. Built and started by test/integration/log.spec.ts.
import { openLog } from '../../app/core/log.node.ts';
import { logLastWords } from '../../app/recorder/last-words.node.ts';

const [folder, way] = process.argv.slice(2);
logLastWords(openLog(folder, 'recorder'));
const fault = new Error('the disk melted');
setTimeout(() => {
  if (way === 'uncaughtException') throw fault;
  void Promise.reject(fault);
}, 1);
