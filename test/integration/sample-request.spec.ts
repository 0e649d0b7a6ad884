import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requestSample, watchSampleRequests } from '../../app/recorder/sample-request.node.ts';
import { temporaryFolder } from '../support/folders.ts';

describe('a request for a sample', () => {
  it('reaches the recorder of its folder, each time, and no watcher that has stopped', async () => {
    const [folder, other] = [temporaryFolder(), temporaryFolder()];
    let [asked, askedOther] = [0, 0];
    const stop = watchSampleRequests(folder, () => asked++);
    onTestFinished(watchSampleRequests(other, () => askedOther++));
    for (const before of [0, 1]) {
      requestSample(folder);
      await expect.poll(() => asked).toBeGreaterThan(before);
    }
    stop();
    const last = asked;
    requestSample(folder);
    requestSample(other);
    await expect.poll(() => askedOther).toBeGreaterThan(0);
    expect(asked).toBe(last);
  });

  it('does no harm where it cannot be made or watched', () => {
    const file = path.join(temporaryFolder(), 'file');
    fs.writeFileSync(file, '');
    requestSample(file);
    watchSampleRequests(file, () => undefined)();
    expect(fs.readFileSync(file, 'utf8')).toBe('');
  });

  it('leaves one small file that only its owner can read', () => {
    const folder = temporaryFolder();
    for (let i = 0; i < 3; i++) requestSample(folder);
    expect(fs.readdirSync(path.join(folder, 'requests'))).toEqual(['sample']);
    if (process.platform === 'win32') return;
    expect(fs.statSync(path.join(folder, 'requests')).mode & 0o077).toBe(0);
    expect(fs.statSync(path.join(folder, 'requests', 'sample')).mode & 0o077).toBe(0);
  });
});
