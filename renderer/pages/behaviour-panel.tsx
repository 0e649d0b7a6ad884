import { Button, SegmentedControl, Switch } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PAUSE_MS } from '../../app/alerts/pause.ts';
import type { ResponseOf } from '../../app/contract/channels.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { ask } from '../bridge.ts';
import { usePauseEnd } from '../pause-end.ts';
import { useShared } from '../context.tsx';
import { ErrorLine } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { Row } from './settings-row.tsx';

type Set = (change: Partial<Settings>) => void;
type Desktop = ResponseOf<'desktop.get'>;

const SOUNDS = ['off', 'critical', 'all'] as const;
const WAYS = ['ask', 'minimise', 'quit'] as const;

/** The pause of alerts: its end, and a button that begins or ends it. */
function PauseRow({ set }: { readonly set: Set }) {
  const { t } = useTranslation();
  const { settings, format } = useShared();
  const { alerts } = settings;
  const endMs = usePauseEnd(alerts);
  const pauseUntil = (pausedUntilMs: number | null): void => set({ alerts: { ...alerts, pausedUntilMs } });
  const now = endMs === undefined ? '' : t('banner.alertsPaused', { when: format.time(endMs) });
  return (
    <Row label={t('settings.pause')} note={`${now} ${t('settings.pauseNote')}`}>
      <Button variant="default" onClick={() => pauseUntil(endMs === undefined ? Date.now() + PAUSE_MS : null)}>
        {endMs === undefined ? t('settings.pauseFor') : t('alerts.resume')}
      </Button>
    </Row>
  );
}

function AlertRows({ set }: { readonly set: Set }) {
  const { t } = useTranslation();
  const { settings } = useShared();
  return (
    <>
      <Row label={t('settings.notifications')}>
        <Switch
          aria-label={t('settings.notifications')}
          checked={settings.notifications}
          onChange={(event) => set({ notifications: event.currentTarget.checked })}
        />
      </Row>
      <Row label={t('settings.alertSound')} note={t('settings.alertSoundNote')}>
        <SegmentedControl
          aria-label={t('settings.alertSound')}
          data={SOUNDS.map((value) => ({ value, label: t(`settings.alertSoundOf.${value}`) }))}
          value={settings.alertSound}
          onChange={(value) => set({ alertSound: value })}
        />
      </Row>
      <PauseRow set={set} />
    </>
  );
}

/** Whether the system starts Slowburn at login: the system's own state, not a setting. */
function LoginRow({ desktop, again }: { readonly desktop: Desktop; readonly again: () => void }) {
  const { t } = useTranslation();
  const [error, setError] = useState('');
  const change = async (on: boolean): Promise<void> => {
    const done = await ask('desktop.startAtLogin', { on });
    setError(done.ok ? '' : [done.error.message, done.error.next].filter(Boolean).join(' '));
    again();
  };
  return (
    <>
      <Row
        label={t('settings.startAtLogin')}
        note={desktop.serviceRecords ? t('settings.startAtLoginService') : undefined}
      >
        <Switch
          aria-label={t('settings.startAtLogin')}
          checked={desktop.startsAtLogin}
          onChange={(event) => void change(event.currentTarget.checked)}
        />
      </Row>
      <ErrorLine text={error} />
    </>
  );
}

/** What closing the window does: where the desktop has a tray, and where it has none. */
function CloseRow({ desktop, set }: { readonly desktop: Desktop; readonly set: Set }) {
  const { t } = useTranslation();
  const { settings } = useShared();
  return (
    <>
      <Row label={t('settings.closeToTray')} note={desktop.showsTray ? t('settings.closeToTrayNote') : undefined}>
        <Switch
          aria-label={t('settings.closeToTray')}
          checked={settings.closeToTray}
          onChange={(event) => set({ closeToTray: event.currentTarget.checked })}
        />
      </Row>
      {!desktop.showsTray && settings.closeToTray && (
        <Row label={t('settings.closeWithoutTray')} note={t('settings.closeWithoutTrayNote')}>
          <SegmentedControl
            aria-label={t('settings.closeWithoutTray')}
            data={WAYS.map((value) => ({ value, label: t(`settings.closeWithoutTrayOf.${value}`) }))}
            value={settings.closeWithoutTray}
            onChange={(value) => set({ closeWithoutTray: value })}
          />
        </Row>
      )}
    </>
  );
}

/** Alerts on the desktop, starting at login, and closing the window. */
export function BehaviourPanel({ set }: { readonly set: Set }) {
  const { t } = useTranslation();
  const { settings } = useShared();
  const { data: desktop, again } = useQuestion('desktop.get', undefined);
  return (
    <Panel title={t('settings.behaviour')}>
      <AlertRows set={set} />
      {desktop && (
        <>
          <LoginRow desktop={desktop} again={again} />
          <Row
            label={t('settings.startHidden')}
            note={t(desktop.showsTray ? 'settings.startHiddenNote' : 'settings.startHiddenNoTray')}
          >
            <Switch
              aria-label={t('settings.startHidden')}
              checked={settings.startHidden}
              onChange={(event) => set({ startHidden: event.currentTarget.checked })}
            />
          </Row>
          <CloseRow desktop={desktop} set={set} />
        </>
      )}
    </Panel>
  );
}
