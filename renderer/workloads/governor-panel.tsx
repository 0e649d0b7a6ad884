import { Button, NumberInput, Switch } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Result } from '../../app/core/result.ts';
import { entryText } from '../../app/governor/entry-text.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { GpuSelect, useGpuChoice } from '../parts/gpu-select.tsx';
import { ErrorLine, errorText, useChange } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import { TimeField } from '../parts/time-field.tsx';
import { useQuestion } from '../use-question.ts';
import css from './comparison.module.css';

type Limits = Settings['governor'];
const NUMBERS = ['coreTempC', 'powerW', 'stressHoursPerDay', 'pricePerKwh'] as const;
const SHOWN = 8;
const [EVENING, MORNING] = [22 * 60, 7 * 60];

/** Seconds left until an unconfirmed change reverts. */
function Countdown({ untilMs }: { readonly untilMs: number }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <>{Math.max(0, Math.ceil((untilMs - nowMs) / 1000))}</>;
}

/** The limits a person sets, the governor's actions, and a manual power limit. */
export function GovernorPanel() {
  const { t } = useTranslation();
  const { settings, format } = useShared();
  const { governor } = settings;
  const quiet = governor.quietHours;
  const { data: status, again } = useQuestion('governor.status', undefined, { everyMs: 2000 });
  const choice = useGpuChoice();
  const [wantedW, setWantedW] = useState<number | ''>('');
  const { set: setSettings, error, setError } = useChange();
  const set = (change: Partial<Limits>): void => setSettings({ governor: { ...governor, ...change } });
  const act = (doing: Promise<Result<unknown>>): void =>
    void doing.then((answer) => {
      setError(answer.ok ? '' : errorText(answer.error));
      again();
    });
  const uuid = choice.chosen?.uuid;
  return (
    <Panel
      title={t('governor.title')}
      aside={
        <Switch
          size="sm"
          label={t('governor.enabled')}
          checked={governor.enabled}
          onChange={(event) => set({ enabled: event.currentTarget.checked })}
        />
      }
    >
      <p className={css.hint}>{t('governor.what')}</p>
      <div className={css.controls}>
        {NUMBERS.map((key) => (
          <NumberInput
            key={key}
            size="xs"
            w={148}
            label={t(`governor.limit.${key}`)}
            placeholder={t('governor.off')}
            disabled={!governor.enabled}
            value={governor[key] ?? ''}
            onBlur={(event) => {
              const value = Number(event.currentTarget.value);
              set({ [key]: event.currentTarget.value === '' || !(value > 0) ? null : value });
            }}
          />
        ))}
        <TimeField
          label={t('governor.quietFrom')}
          disabled={!governor.enabled}
          minute={quiet?.fromMin}
          onChange={(fromMin) =>
            set({ quietHours: fromMin === undefined ? null : { toMin: MORNING, ...quiet, fromMin } })
          }
        />
        <TimeField
          label={t('governor.quietTo')}
          disabled={!governor.enabled}
          minute={quiet?.toMin}
          onChange={(toMin) => set({ quietHours: toMin === undefined ? null : { fromMin: EVENING, ...quiet, toMin } })}
        />
      </div>
      <div className={css.controls}>
        <Switch
          size="xs"
          disabled={!governor.enabled}
          label={t('governor.mayHold')}
          checked={governor.mayHold}
          onChange={(event) => set({ mayHold: event.currentTarget.checked })}
        />
        <Switch
          size="xs"
          disabled={!governor.enabled}
          label={t('governor.maySetLimit')}
          checked={governor.maySetLimit}
          onChange={(event) => set({ maySetLimit: event.currentTarget.checked })}
        />
      </div>
      <div className={css.controls}>
        <GpuSelect {...choice} />
        <NumberInput
          size="xs"
          w={148}
          min={30}
          max={3000}
          allowDecimal={false}
          suffix=" W"
          label={t('governor.byHand')}
          value={wantedW}
          onChange={(value) => setWantedW(typeof value === 'number' ? value : '')}
        />
        <Button
          size="xs"
          variant="default"
          disabled={wantedW === '' || !uuid}
          onClick={() => uuid && wantedW !== '' && act(ask('governor.tryLimit', { gpuUuid: uuid, limitW: wantedW }))}
        >
          {t('governor.try')}
        </Button>
        <Button
          size="xs"
          variant="subtle"
          disabled={!uuid}
          onClick={() => uuid && act(ask('governor.restoreLimit', { gpuUuid: uuid }))}
        >
          {t('governor.release')}
        </Button>
      </div>
      <ErrorLine text={error} />
      {status?.pending.map(({ gpuUuid, limitW, untilMs }) => (
        <div key={gpuUuid} className={css.pending} role="alert">
          <span>
            {t('governor.pending', { limit: `${limitW} W` })} <Countdown untilMs={untilMs} /> s
          </span>
          <Button size="xs" onClick={() => act(ask('governor.confirmLimit', { gpuUuid }))}>
            {t('governor.keep')}
          </Button>
        </div>
      ))}
      {status?.powerLimits.map(({ gpuUuid, limitW, by }) => (
        <p key={gpuUuid} className={css.hint}>
          {t(`governor.inForce.${by}`, {
            limit: `${limitW} W`,
            gpu: choice.gpus.find((gpu) => gpu.uuid === gpuUuid)?.name ?? gpuUuid,
          })}
        </p>
      ))}
      {status?.held.map(({ program, why, sinceMs }) => (
        <div key={program} className={css.pending}>
          {t('governor.held', { program, why: t(`governor.why.${why}`), since: format.time(sinceMs) })}
        </div>
      ))}
      {status && status.log.length > 0 && (
        <ul className={css.log}>
          {status.log
            .slice(-SHOWN)
            .reverse()
            .map((entry, i) => (
              <li key={`${entry.tsMs}-${i}`}>
                <span className={css.note}>{format.time(entry.tsMs)}</span>
                <span>
                  {entryText(t, entry)} {entry.message}
                </span>
              </li>
            ))}
        </ul>
      )}
    </Panel>
  );
}
