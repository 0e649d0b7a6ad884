import { Code, Table, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/format.ts';
import type { GpuSummary } from '../../app/workload/session.ts';
import { onPush } from '../bridge.ts';
import { useShared } from '../context.tsx';
import { Empty, PageHeader, Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import css from './table.module.css';

type Session = ResponseOf<'sessions.newest'>[number];

const NEWEST = 200;

function Cells({ summary }: { readonly summary: GpuSummary | undefined }) {
  const { t } = useTranslation();
  const { format, settings } = useShared();
  if (!summary) {
    return (
      <Table.Td colSpan={settings.pricePerKwh === null ? 5 : 6} className={css.absent}>
        {t('report.notObserved')}
      </Table.Td>
    );
  }
  const { energyJ, energyFrom, peakTempC, meanTempC, throttledMs, equivalentHours } = summary;
  const absent = <span className={css.absent}>{t('report.notObserved')}</span>;
  const held = Object.entries(throttledMs ?? {}).filter(([, ms]) => ms >= 500);
  return (
    <>
      <Table.Td>
        {energyJ === undefined ? (
          absent
        ) : (
          <span title={`± 5 % · ${t(`energyFrom.${energyFrom!}`)}`}>{joined(format.energy(energyJ))}</span>
        )}
      </Table.Td>
      {settings.pricePerKwh !== null && (
        <Table.Td>{energyJ === undefined ? absent : format.money((energyJ / 3.6e6) * settings.pricePerKwh)}</Table.Td>
      )}
      <Table.Td>{peakTempC === undefined ? absent : joined(format.temperature(peakTempC))}</Table.Td>
      <Table.Td>{meanTempC === undefined ? absent : joined(format.temperature(meanTempC))}</Table.Td>
      <Table.Td>
        {throttledMs === undefined ? (
          <span className={css.absent}>{t('report.notTold')}</span>
        ) : held.length === 0 ? (
          t('report.never')
        ) : (
          held.map(([cause, ms]) => <div key={cause}>{`${t(`cause.${cause}`)} ${format.duration(ms)}`}</div>)
        )}
      </Table.Td>
      <Table.Td>
        {equivalentHours === undefined ? (
          absent
        ) : (
          <span className={css.modelled}>
            {format.significant(equivalentHours.mid)} h{' '}
            <span className={css.band}>
              {format.significant(equivalentHours.low)}–{format.significant(equivalentHours.high)}
            </span>
          </span>
        )}
      </Table.Td>
    </>
  );
}

function SessionRows({ session, names }: { readonly session: Session; readonly names: ReadonlyMap<string, string> }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const summaries = session.summary?.gpus ?? [];
  const rows: (GpuSummary | undefined)[] = summaries.length > 0 ? [...summaries] : [undefined];
  const ending =
    session.endedMs === null
      ? t('sessions.running')
      : session.exitCode === null
        ? t('sessions.interrupted')
        : session.exitCode === 0
          ? undefined
          : t('sessions.exit', { code: session.exitCode });
  return rows.map((summary, i) => (
    <Table.Tr key={summary?.gpuUuid ?? 'none'}>
      {i === 0 && (
        <>
          <Table.Td rowSpan={rows.length}>{format.dateTime(session.startedMs)}</Table.Td>
          <Table.Td rowSpan={rows.length} className={css.wide}>
            <strong>{session.name}</strong> {ending && <span className={css.note}>{ending}</span>}
            <div className={css.command} title={session.command}>
              {session.command}
            </div>
          </Table.Td>
          <Table.Td rowSpan={rows.length}>
            {session.endedMs === null ? '–' : format.duration(session.endedMs - session.startedMs)}
          </Table.Td>
        </>
      )}
      <Table.Td className={css.gpu}>
        {summary && (
          <span title={session.gpus.length === 0 ? t('sessions.allGpus') : summary.gpuUuid}>
            {names.get(summary.gpuUuid) ?? summary.gpuUuid}
            {session.gpus.length === 0 && '*'}
          </span>
        )}
      </Table.Td>
      <Cells summary={summary} />
    </Table.Tr>
  ));
}

export function WorkloadsPage() {
  const { t } = useTranslation();
  const { settings } = useShared();
  const [round, setRound] = useState(0);
  const { data: sessions, again } = useQuestion('sessions.newest', { limit: NEWEST });
  const { data: gpus = [] } = useQuestion('gpus.list', undefined);
  useEffect(() => onPush('sessions', () => setRound((n) => n + 1)), []);
  useEffect(() => {
    if (round > 0) again();
  }, [round, again]);

  const names = new Map(gpus.map((gpu) => [gpu.uuid, gpu.name]));
  const unseen = sessions?.some((session) => session.summary && session.gpus.length === 0);
  return (
    <>
      <PageHeader title={t('sessions.title')} />
      {sessions?.length === 0 && (
        <Empty title={t('sessions.empty')}>
          <p>{t('sessions.emptyMore')}</p>
          <Code block>npm run slowburn -- run -- python generate.py</Code>
          <p>{t('sessions.emptyWhy')}</p>
        </Empty>
      )}
      {sessions && sessions.length > 0 && (
        <Panel>
          <Table.ScrollContainer minWidth={860}>
            <Table verticalSpacing="xs" className={css.table}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('sessions.started')}</Table.Th>
                  <Table.Th>{t('sessions.name')}</Table.Th>
                  <Table.Th>{t('sessions.duration')}</Table.Th>
                  <Table.Th>{t('sessions.gpu')}</Table.Th>
                  <Table.Th>{t('sessions.energy')}</Table.Th>
                  {settings.pricePerKwh !== null && <Table.Th>{t('sessions.cost')}</Table.Th>}
                  <Table.Th>{t('sessions.peak')}</Table.Th>
                  <Table.Th>{t('sessions.mean')}</Table.Th>
                  <Table.Th>{t('sessions.throttled')}</Table.Th>
                  <Table.Th>
                    <Tooltip label={t('sessions.stressNote')}>
                      <span>{t('sessions.stress')}</span>
                    </Tooltip>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {sessions.map((session) => (
                  <SessionRows key={session.id} session={session} names={names} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
          {unseen && <p className={css.note}>* {t('sessions.allGpus')}</p>}
        </Panel>
      )}
    </>
  );
}
