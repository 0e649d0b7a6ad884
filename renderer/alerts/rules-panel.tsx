import { NumberInput, Switch, Table, Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AlertPreview } from '../../app/alerts/preview-schema.ts';
import { alertRules, type AlertRule } from '../../app/alerts/rules.ts';
import { ruleWith, type AlertSettings } from '../../app/alerts/settings.ts';
import { ruleText } from '../../app/alerts/text.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import table from '../pages/table.module.css';
import { ErrorLine, useChange, useDraft } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import { TimeField } from '../parts/time-field.tsx';
import { Limits } from './rule-limits.tsx';
import css from './alerts.module.css';

type Change = NonNullable<AlertSettings['rules'][AlertRule['id']]>;

/** How often the rule would have fired, when somebody asks. */
function Preview({ rule, settings }: { readonly rule: AlertRule; readonly settings: AlertSettings }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const [state, setState] = useState<'none' | 'checking' | AlertPreview | { readonly failed: string }>('none');

  async function check(): Promise<void> {
    setState('checking');
    const answer = await ask('alerts.preview', { rule: rule.id, settings: { rules: settings.rules } });
    setState(answer.ok ? answer.value : { failed: answer.error.message });
  }
  function textOf(): string {
    if (typeof state === 'string') return state === 'checking' ? t('alerts.preview.checking') : '';
    if ('failed' in state) return state.failed;
    if (state.missing !== null) return t(`alerts.preview.${state.missing}`);
    return t('alerts.preview.fired', {
      count: state.fired,
      hours: format.significant(state.observedMs / 3_600_000, 3),
    });
  }
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        disabled={state === 'checking'}
        aria-label={t('alerts.previewOf', { rule: rule.id })}
        onClick={() => void check()}
      >
        {t('alerts.preview.check')}
      </Button>
      <p className={css.more} role="status">
        {textOf()}
      </p>
    </>
  );
}

/** A number that may be empty: then the rule's own counts. */
function NumberField(props: {
  readonly label: string;
  readonly value: number | null;
  readonly own: string;
  readonly range: readonly [number, number];
  readonly save: (value: number | null) => void;
}) {
  const { label, value, own, range, save } = props;
  const field = useDraft<number | ''>(value ?? '', (next) => save(next === '' ? null : next));
  return (
    <NumberInput
      aria-label={label}
      size="xs"
      w={96}
      min={range[0]}
      max={range[1]}
      placeholder={own}
      value={field.draft}
      onChange={(next) => field.setDraft(typeof next === 'number' ? next : '')}
      onBlur={field.commit}
    />
  );
}

function RuleRow({
  rule,
  settings,
  change,
}: {
  readonly rule: AlertRule;
  readonly settings: AlertSettings;
  readonly change: (change: Change) => void;
}) {
  const { t } = useTranslation();
  const { format } = useShared();
  const chosen = settings.rules[rule.id];
  const wanted = ruleWith(rule, settings);
  const own = typeof rule.limit === 'number' ? format.number(rule.limit, Number.isInteger(rule.limit) ? 0 : 1) : '';
  const limitNames = { rule: rule.id };
  return (
    <Table.Tr>
      <Table.Td>
        <Switch
          aria-label={t('alerts.switchOf', limitNames)}
          checked={wanted.isOn}
          onChange={({ currentTarget }) => change({ on: currentTarget.checked })}
        />
      </Table.Td>
      <Table.Td className={table.sentence}>
        <p>{ruleText(t, format, wanted)}</p>
        {typeof wanted.limit === 'function' && (
          <p className={css.more}>
            <Limits rule={wanted} />
          </p>
        )}
      </Table.Td>
      <Table.Td>
        {rule.range && (
          <NumberField
            label={t('alerts.limitOf', limitNames)}
            value={chosen?.limit ?? null}
            own={own}
            range={rule.range}
            save={(limit) => change({ limit })}
          />
        )}
      </Table.Td>
      <Table.Td>
        <NumberField
          label={t('alerts.holdOf', limitNames)}
          value={chosen?.holdS ?? null}
          own={format.number(rule.holdMs / 1000)}
          range={[0, 86_400]}
          save={(holdS) => change({ holdS })}
        />
      </Table.Td>
      <Table.Td className={table.remark}>
        <Preview rule={rule} settings={settings} key={`${chosen?.limit}/${chosen?.holdS}`} />
      </Table.Td>
    </Table.Tr>
  );
}

const EVENING = 22 * 60;
const MORNING = 7 * 60;

/** Every rule with what a person may change, and the hours in which warnings wait. */
export function RulesPanel() {
  const { t } = useTranslation();
  const { settings } = useShared();
  const { set, error } = useChange();
  const { alerts } = settings;
  const quiet = alerts.quietHours;
  const setQuiet = (quietHours: AlertSettings['quietHours']): void => set({ alerts: { ...alerts, quietHours } });
  return (
    <Panel title={t('alerts.rules')}>
      <p className={css.more}>{t('alerts.rulesNote')}</p>
      <div className={css.quietHours}>
        <TimeField
          label={t('alerts.quietFrom')}
          minute={quiet?.fromMin}
          onChange={(fromMin) => setQuiet(fromMin === undefined ? null : { toMin: MORNING, ...quiet, fromMin })}
        />
        <TimeField
          label={t('alerts.quietTo')}
          minute={quiet?.toMin}
          onChange={(toMin) => setQuiet(toMin === undefined ? null : { fromMin: EVENING, ...quiet, toMin })}
        />
        <p className={css.more}>{t('alerts.quietHoursNote')}</p>
      </div>
      <ErrorLine text={error} />
      <div className={table.scrolls}>
        <Table className={table.table} verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              {(['on', 'rule', 'limit', 'hold', 'preview'] as const).map((column) => (
                <Table.Th key={column}>{t(`alerts.column.${column}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {alertRules.map((rule) => (
              <RuleRow
                key={rule.id}
                rule={rule}
                settings={alerts}
                change={(change) =>
                  set({
                    alerts: {
                      ...alerts,
                      rules: { ...alerts.rules, [rule.id]: { ...alerts.rules[rule.id], ...change } },
                    },
                  })
                }
              />
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Panel>
  );
}
