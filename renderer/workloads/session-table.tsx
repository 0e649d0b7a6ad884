import { Checkbox, Table } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import { energyNotes, errorText } from '../../app/workload/energy/words.ts';
import type { Tariff } from '../../app/workload/energy/tariff.ts';
import { boundSigns } from '../../app/workload/sessions/figure-states.ts';
import { eachText } from '../../app/workload/sessions/each-text.ts';
import { perOutputTexts, promptText, whyOf } from '../../app/workload/sessions/figure-text.ts';
import { figuresOf, type Figures } from '../../app/workload/sessions/figures.ts';
import { outputsText } from '../../app/workload/sessions/outputs-text.ts';
import { useShared } from '../context.tsx';
import table from '../pages/table.module.css';
import { entriesOf } from '../typed-entries.ts';

export type Session = ResponseOf<'sessions.newest'>[number];

/** Energy with its uncertainty: ±5 % of a counter, or the range of integrated power. */
export function Energy({ figures, session }: { readonly figures: Figures; readonly session: Session }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { energyJ, rangeJ, energyFrom, states } = figures;
  const why = whyOf(states.energy, session, t);
  if (energyJ === undefined) return <div className={table.remark}>{why}</div>;
  const range = rangeJ && `${joined(format.energy(rangeJ.low))} – ${joined(format.energy(rangeJ.high))}`;
  return (
    <>
      <span data-hint={[range, energyFrom && t(`energyFrom.${energyFrom}`), why].filter(Boolean).join(' · ')}>
        {boundSigns[states.energy]}
        {joined(format.energy(energyJ))}
        {!boundSigns[states.energy] && <span className={table.band}> {errorText(energyJ, rangeJ, t, format)}</span>}
      </span>
      {energyNotes(figures, t, format).map((note) => (
        <div key={note} className={table.remark}>
          {note}
        </div>
      ))}
    </>
  );
}

function Outputs({ figures }: { readonly figures: Figures }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const { outputs, speed } = figures;
  if (!outputs) return <span className={table.absent}>–</span>;
  const notes = [promptText(outputs, t, format), speed && `${format.significant(speed.value, 3)} ${speed.unit}`];
  const note = eachText(t, format, figures);
  return (
    <>
      {outputsText(outputs, t, format.number)}
      <div className={table.note}>{notes.filter(Boolean).join(' · ')}</div>
      {perOutputTexts(figures, t, format).map(({ label, text }) => (
        <div key={label} className={table.note}>
          {text} {label}
        </div>
      ))}
      {note && <div className={table.remark}>{note}</div>}
    </>
  );
}

function Row({
  session,
  names,
  picked,
  onPick,
}: {
  readonly session: Session;
  readonly names: ReadonlyMap<string, string>;
  readonly picked: boolean;
  readonly onPick: () => void;
}) {
  const { t } = useTranslation();
  const { format, money } = useShared();
  const figures = figuresOf(session, money);
  const { workload } = session.summary ?? {};
  const { peakTempC, meanTempC, throttledMs, equivalentHours, sharedJ, cost, pricedShare } = figures;
  const observedMs = Math.max(0, ...(session.summary?.gpus ?? []).map((gpu) => gpu.observedMs));
  const throttled = entriesOf(throttledMs ?? {}).filter(([, ms]) => ms >= 500);
  const running = session.endedMs === null;
  // a running session may not have this figure yet
  const absent = <span className={table.absent}>{running ? '–' : t('report.notObserved')}</span>;
  const failed = session.exitCode !== null && session.exitCode !== 0;
  const cards = [...new Set((session.summary?.gpus ?? []).map(({ gpuUuid }) => names.get(gpuUuid) ?? gpuUuid))];
  const about = [
    format.dateTime(session.startedMs),
    workload?.capW !== undefined && `${workload.capW} W`,
    running ? t('sessions.running') : format.duration(session.endedMs - session.startedMs),
    t(`kind.${workload?.kind ?? 'other'}`),
    failed && t('sessions.exit', { code: session.exitCode }),
    session.exitCode === null && !running && workload?.found === 'by-hand' && t('sessions.interrupted'),
  ].filter(Boolean);
  return (
    <Table.Tr>
      <Table.Td>
        <Checkbox
          size="xs"
          checked={picked}
          disabled={running}
          onChange={onPick}
          aria-label={t('workloads.pick', { name: session.name, when: format.dateTime(session.startedMs) })}
        />
      </Table.Td>
      <Table.Td className={table.wide}>
        <strong title={session.command}>{session.name}</strong>
        {workload?.model && <span className={table.note}> {workload.model}</span>}
        <div className={table.remark}>{about.join(' · ')}</div>
        {(names.size > 1 || session.gpus.length === 0) && cards.length > 0 && (
          <div className={table.command} title={cards.join(', ')}>
            {cards.join(', ')}
            {session.gpus.length === 0 && ' *'}
          </div>
        )}
        {workload?.note && <div className={table.remark}>{workload.note}</div>}
      </Table.Td>
      <Table.Td>
        <Outputs figures={figures} />
      </Table.Td>
      <Table.Td>
        {running && figures.states.energy === 'not-observed' ? absent : <Energy figures={figures} session={session} />}
        {figures.aboveIdleJ !== undefined && (
          <div className={table.note}>
            {t('workloads.aboveIdle', { value: joined(format.energy(figures.aboveIdleJ)) })}
          </div>
        )}
        {sharedJ !== undefined && (
          <div className={table.remark}>{t('workloads.shared', { value: joined(format.energy(sharedJ)) })}</div>
        )}
      </Table.Td>
      {hasMoney(money) && (
        <Table.Td>
          {cost !== undefined ? (
            `${boundSigns[figures.states.cost] ?? ''}${format.money(cost)}`
          ) : pricedShare === undefined ? (
            <span className={table.absent}>–</span>
          ) : null}
          {pricedShare !== undefined && (
            <div className={table.remark}>{t('prices.known', { percent: format.percent(pricedShare) })}</div>
          )}
        </Table.Td>
      )}
      <Table.Td>
        {peakTempC === undefined ? absent : joined(format.temperature(peakTempC))}
        {meanTempC !== undefined && (
          <div className={table.note}>{t('workloads.mean', { value: joined(format.temperature(meanTempC)) })}</div>
        )}
      </Table.Td>
      <Table.Td>
        {throttledMs === undefined ? (
          <span className={table.absent}>{running ? '–' : t('report.notTold')}</span>
        ) : throttled.length === 0 ? (
          <span className={table.absent}>{t('report.neverIn', { time: format.duration(observedMs) })}</span>
        ) : (
          throttled.map(([cause, ms]) => (
            <div key={cause}>
              {t(`cause.${cause}`)}
              <div className={table.note}>{format.duration(ms)}</div>
            </div>
          ))
        )}
      </Table.Td>
      <Table.Td>
        {equivalentHours === undefined ? (
          absent
        ) : (
          <>
            <span className={table.modelled}>{format.significant(equivalentHours.mid)} h</span>
            <div className={table.band}>
              {format.significant(equivalentHours.low)}–{format.significant(equivalentHours.high)}
            </div>
          </>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

export const hasMoney = ({ pricePerKwh, tariff, market }: Tariff): boolean =>
  pricePerKwh !== null || tariff.length > 0 || market !== undefined;

export function SessionTable({
  sessions,
  names,
  picked,
  onPick,
}: {
  readonly sessions: readonly Session[];
  readonly names: ReadonlyMap<string, string>;
  readonly picked: ReadonlySet<number>;
  readonly onPick: (id: number) => void;
}) {
  const { t } = useTranslation();
  const { money } = useShared();
  return (
    <Table.ScrollContainer minWidth={820}>
      <Table verticalSpacing="xs" className={table.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th aria-label={t('workloads.compare')} />
            <Table.Th>{t('sessions.name')}</Table.Th>
            <Table.Th>
              <span data-hint={t('workloads.activeNote')}>{t('sessions.outputs')}</span>
            </Table.Th>
            <Table.Th>{t('sessions.energy')}</Table.Th>
            {hasMoney(money) && <Table.Th>{t('sessions.cost')}</Table.Th>}
            <Table.Th>{t('sessions.peak')}</Table.Th>
            <Table.Th>{t('sessions.throttled')}</Table.Th>
            <Table.Th>
              <span data-hint={t('sessions.stressNote')}>{t('sessions.stress')}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {sessions.map((session) => (
            <Row
              key={session.id}
              session={session}
              names={names}
              picked={picked.has(session.id)}
              onPick={() => onPick(session.id)}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
