import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { FollowedRecorder } from '../../app/contract/followed-recorder.ts';
import { openSettings } from '../../app/settings/owner.node.ts';
import { defaultSettings, type Settings } from '../../app/settings/settings.ts';
import { createShownSettings } from '../../main/shown-settings.ts';
import { temporaryFolder } from '../support/folders.ts';

const recorder: FollowedRecorder = {
  pid: 1,
  version: '1',
  windowVersion: '1',
  startedBy: 'service',
  scope: 'system',
  may: 'read',
  sinceMs: 0,
  dataFolder: '/var/lib/slowburn',
  ownFolder: false,
};
const own: Partial<Settings> = { intervalMs: 200, theme: 'dark', temperatureUnit: 'F', notifications: false };
const theirs: Settings = { ...defaultSettings, intervalMs: 5000, pricePerKwh: 0.3, theme: 'light' };

/** What a window with its own settings shows while it follows a recorder. */
function windowThat(follows: FollowedRecorder | undefined) {
  const folder = temporaryFolder();
  fs.writeFileSync(
    path.join(folder, 'settings.json'),
    JSON.stringify({ ...defaultSettings, ...own, retentionDays: -1 }),
  );
  const owner = openSettings(folder, () => undefined);
  onTestFinished(() => owner.close());
  return createShownSettings(owner, () => follows);
}

describe('the settings that the window shows', () => {
  it('are those of the window’s file while it records itself, and while a recorder reads that file', () => {
    for (const follows of [undefined, { ...recorder, ownFolder: true }]) {
      const shown = windowThat(follows);
      shown.follow(follows && theirs);
      expect(shown.settings()).toMatchObject(own);
      expect(shown.report().problems).toHaveLength(1);
      expect(shown.mayChange({ intervalMs: 1000 })).toMatchObject({ ok: true });
    }
  });

  it('are those of a recorder with another folder, except how the window looks and notifies', () => {
    const shown = windowThat(recorder);
    shown.follow(theirs);
    expect(shown.settings()).toEqual({ ...theirs, theme: 'dark', temperatureUnit: 'F', notifications: false });
    expect(shown.report()).toMatchObject({ file: '/var/lib/slowburn/settings.json', problems: [], suspended: [] });
  });

  it('of a recorder with another folder cannot be changed, and the answer says where they can', () => {
    const next = expect.stringContaining('/var/lib/slowburn/settings.json');
    const change = { theme: 'light', intervalMs: 1000 } as const;
    expect(windowThat(recorder).mayChange(change)).toMatchObject({
      error: { code: 'forbidden', message: expect.stringContaining('belongs to the system'), next },
    });
    expect(windowThat({ ...recorder, scope: 'user', may: 'control' }).mayChange(change)).toMatchObject({
      error: { code: 'forbidden', message: expect.stringContaining('another data folder'), next },
    });
    expect(windowThat(recorder).mayChange({ theme: 'light', closeToTray: false })).toMatchObject({ ok: true });
  });
});
