import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { alertRuleOf } from '../../app/alerts/rules.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { alertAdvice, alertSubject, alertTitle, alertValue, hasLevel } from '../../app/alerts/text.ts';
import type { Result } from '../../app/core/result.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { ErrorLine, errorText } from '../parts/change.tsx';
import css from './alerts.module.css';
import { useLookedAt } from './looked-at.ts';
import { usePhase } from './use-phase.ts';

const SNOOZE_MS = 3_600_000;

/** What was done about it, if anything. */
function useHandled(alert: StoredAlert): string | undefined {
  const { t } = useTranslation();
  const { format } = useShared();
  switch (usePhase(alert)) {
    case 'acknowledged':
      return t('alerts.acknowledged', { when: format.time(alert.acknowledgedMs!) });
    case 'snoozed':
      return t('alerts.snoozed', { when: format.time(alert.snoozedUntilMs!) });
    default:
      return undefined;
  }
}

/** An alert that fires: what it is about, what is wrong, what to do. */
export function FiringAlert({ alert }: { readonly alert: StoredAlert }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const [error, setError] = useState('');
  const handled = useHandled(alert);
  const element = useRef<HTMLDivElement>(null);
  useLookedAt(alert, element);
  const { gpuUuid, rule } = alert;
  const show = (answer: Result<unknown>): void => setError(answer.ok ? '' : errorText(answer.error));
  const facts = [
    t(`severity.${alert.severity}`),
    t('alerts.since', { when: format.dateTime(alert.firedMs) }),
    ...(hasLevel(alertRuleOf(rule).watches) ? [`${t('alerts.peak')} ${alertValue(format, alert, alert.peak)}`] : []),
    ...(handled === undefined ? [] : [handled]),
  ];
  return (
    <div
      ref={element}
      tabIndex={-1}
      className={css.firing}
      data-severity={alert.severity}
      data-handled={handled !== undefined}
      role={handled === undefined ? 'alert' : undefined}
    >
      <span aria-hidden className={css.sign}>
        {alert.severity === 'act' ? '■' : '▲'}
      </span>
      <div className={css.text}>
        <p>
          <strong>{alertSubject(t, alert)}</strong>
        </p>
        <p>{alertTitle(t, format, alert)}</p>
        <p className={css.more}>{alertAdvice(t, alert)}</p>
        <p className={css.more}>{facts.join(' · ')}</p>
        <ErrorLine text={error} />
      </div>
      {handled === undefined && (
        <div className={css.actions}>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => void ask('alerts.acknowledge', { gpuUuid, rule }).then(show)}
          >
            {t('alerts.acknowledge')}
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => void ask('alerts.snooze', { gpuUuid, rule, forMs: SNOOZE_MS }).then(show)}
          >
            {t('alerts.snooze')}
          </Button>
        </div>
      )}
    </div>
  );
}
