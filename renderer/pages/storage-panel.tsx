import { Button, NumberInput, Table } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { joined } from '../../app/core/format.ts';
import type { ShownLimits } from '../../app/history/retention/grace.ts';
import { pendingTexts, suspendedText } from '../../app/settings/report-words.ts';
import type { Settings } from '../../app/settings/settings.ts';
import { ask } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { JobLine, useJob, useStartJob } from '../parts/job-line.tsx';
import { Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import { Row } from './settings-row.tsx';
import css from './settings.module.css';

type Rule = Pick<Settings, 'retentionDays' | 'historyCapMb'>;
type Set = (change: Partial<Settings>) => void;
type Draft = { readonly retentionDays: number | ''; readonly historyCapMb: number | '' };

const REFRESH_MS = 10_000;
const COLUMNS = ['holdsGpu', 'holdsSamples', 'holdsFull', 'holdsRollups', 'holdsSpan'] as const;
const draftOf = ({ retentionDays, historyCapMb }: Rule): Draft => ({ retentionDays, historyCapMb: historyCapMb ?? '' });

/** Tighter limits that are not in force yet, with a button that keeps the present ones. */
function PendingLimits({ limits, set }: { readonly limits: ShownLimits; readonly set: Set }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const texts = pendingTexts(limits, t, format);
  if (texts.length === 0) return null;
  const { retentionDays: days, historyCapMb: cap } = limits;
  const before: Partial<Rule> = {
    ...(days.pending && days.inForce !== null && { retentionDays: days.inForce }),
    ...(cap.pending && { historyCapMb: cap.inForce }),
  };
  return (
    <div className={css.preview} role="status">
      <p>{texts.join(' ')}</p>
      {Object.keys(before).length > 0 && (
        <Button size="xs" variant="default" onClick={() => set(before)}>
          {t('retention.undo')}
        </Button>
      )}
    </div>
  );
}

/** What the disk holds, the rule that limits it, and what a changed rule would delete before it is applied. */
export function StoragePanel({ set }: { readonly set: Set }) {
  const { t } = useTranslation();
  const { settings, settingsReport, format } = useShared();
  const [edited, setEdited] = useState<Draft>();
  const job = useJob('backup', 'check');
  const [startJob, refusal] = useStartJob();
  const draft = edited ?? draftOf(settings);
  const rule: Rule = {
    retentionDays: draft.retentionDays === '' ? settings.retentionDays : draft.retentionDays,
    historyCapMb: draft.historyCapMb === '' ? null : Math.max(50, draft.historyCapMb),
  };
  const suspended = settingsReport?.suspended ?? [];
  const changed = rule.retentionDays !== settings.retentionDays || rule.historyCapMb !== settings.historyCapMb;
  const { data, again } = useQuestion('history.storage', rule, { everyMs: REFRESH_MS });
  useEffect(again, [again, settings.retentionDays, settings.historyCapMb, settingsReport]); // what waits has changed
  const { data: info } = useQuestion('app.info', undefined);
  const size = (bytes: number): string => joined(format.bytes(bytes));
  const field = (value: string | number): number | '' => (typeof value === 'number' ? value : '');

  return (
    <Panel title={t('settings.storage')}>
      <Row label={t('settings.retention')} note={t('settings.retentionNote')}>
        <NumberInput
          aria-label={t('settings.retention')}
          w={160}
          min={1}
          max={36_500}
          allowDecimal={false}
          suffix={` ${t('settings.days')}`}
          value={draft.retentionDays}
          onChange={(value) => setEdited({ ...draft, retentionDays: field(value) })}
        />
      </Row>
      <Row label={t('settings.cap')} note={t('settings.capNote')}>
        <NumberInput
          aria-label={t('settings.cap')}
          w={160}
          min={50}
          max={100_000_000}
          allowDecimal={false}
          thousandSeparator=","
          suffix=" MB"
          value={draft.historyCapMb}
          onChange={(value) => setEdited({ ...draft, historyCapMb: field(value) })}
        />
      </Row>
      {suspended.length > 0 && (
        <div className={css.preview} data-deletes role="status">
          <p>{suspendedText(suspended, t)}</p>
          {!changed && (
            <Button size="xs" onClick={() => set(rule)}>
              {t('retention.useShown')}
            </Button>
          )}
        </div>
      )}
      {data && <PendingLimits limits={data.limits} set={set} />}
      {changed && data && (
        <div className={css.preview} data-deletes={data.preview.bytes > 0} role="status">
          <p>
            {data.preview.bytes === 0
              ? t('settings.freesNothing')
              : t('settings.frees', {
                  size: size(data.preview.bytes),
                  samples: format.number(data.preview.samples),
                  date: format.dateTime(data.preview.beforeMs ?? 0),
                })}
          </p>
          <Button
            size="xs"
            color={data.preview.bytes > 0 ? 'red' : undefined}
            onClick={() => {
              set(rule);
              setEdited(undefined);
            }}
          >
            {t('settings.apply')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setEdited(undefined)}>
            {t('settings.discard')}
          </Button>
        </div>
      )}
      {data && (
        <div className={css.holds}>
          <p>
            {t('settings.holds')}
            <span className={css.note}>
              {' · '}
              {t('settings.holdsFile', { size: size(data.storage.fileBytes), free: size(data.storage.freeBytes) })}
            </span>
          </p>
          <Table className={css.table} withRowBorders={false} verticalSpacing={2}>
            <Table.Thead>
              <Table.Tr>
                {COLUMNS.map((key) => (
                  <Table.Th key={key}>{t(`settings.${key}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.storage.gpus.map(({ gpuUuid, gpuName, samples, bytes, rollupBytes, fromMs, toMs }) => (
                <Table.Tr key={gpuUuid}>
                  <Table.Td>{gpuName}</Table.Td>
                  <Table.Td>{format.number(samples)}</Table.Td>
                  <Table.Td>{size(bytes)}</Table.Td>
                  <Table.Td>{size(rollupBytes)}</Table.Td>
                  <Table.Td>
                    {fromMs === null || toMs === null ? '–' : `${format.date(fromMs)} – ${format.date(toMs)}`}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      <Row label={t('settings.care')} note={t('settings.careNote')}>
        <Button.Group>
          <Button variant="default" onClick={() => startJob({ kind: 'backup' })}>
            {t('settings.backup')}
          </Button>
          <Button variant="default" onClick={() => startJob({ kind: 'check' })}>
            {t('settings.check')}
          </Button>
        </Button.Group>
      </Row>
      <div className={css.job}>
        <JobLine job={job} />
        {refusal && <p role="alert">{refusal}</p>}
      </div>
      <Row label={t('settings.folder')} note={info?.dataFolder}>
        <Button variant="default" onClick={() => void ask('app.openFolder')}>
          {t('settings.openFolder')}
        </Button>
      </Row>
    </Panel>
  );
}
