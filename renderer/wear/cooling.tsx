import { Accordion, Button, Select, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { joined } from '../../app/core/format.ts';
import { markKinds, type MarkKind } from '../../app/wear/ledger/ledger.ts';
import { ask } from '../bridge.ts';
import { Intervals } from '../charts/intervals.tsx';
import { useShared } from '../context.tsx';
import { ErrorLine, errorText } from '../parts/change.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Card = NonNullable<ResponseOf<'wear.card'>>;
type Trend = Extract<Card['cooling'], { trend: unknown }>['trend'];

/** The one sentence: how much hotter or cooler, or that there is no clear change. */
function useSentence(): (trend: Trend) => string {
  const { t } = useTranslation();
  const { format } = useShared();
  const kelvins = (k: number) => format.kelvins(Math.abs(k), Math.abs(k) < 10 ? 1 : 0);
  return ({ ratio, hotter, baseline }) => {
    const numbers = {
      ratio: format.number(ratio.value, 2),
      low: format.number(ratio.low, 2),
      high: format.number(ratio.high, 2),
    };
    if (ratio.low <= 1 && ratio.high >= 1) {
      return t(ratio.high < 1.15 ? 'wear.coolingOk' : 'wear.coolingUnclear', numbers);
    }
    const [near, far] = [kelvins(hotter.kelvins.low).text, kelvins(hotter.kelvins.high).text];
    const [low, high] = ratio.low > 1 ? [near, far] : [far, near];
    return t(ratio.low > 1 ? 'wear.coolingRise' : 'wear.coolingFall', {
      from: format.date(baseline.fromMs),
      to: format.date(baseline.toMs),
      power: format.number(hotter.powerW),
      kelvins: joined(kelvins(hotter.kelvins.value)),
      low,
      high,
    });
  };
}

/** R, effective air and idle offset of each week, newest first. */
function Weeks({ trend }: { readonly trend: Trend }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const known = (value: number | undefined, of: (value: number) => { text: string; unit: string }): string => {
    if (value === undefined) return '–';
    const { text, unit } = of(value);
    return `${text} ${unit}`;
  };
  return (
    <Table verticalSpacing={4} className={css.weeks}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('wear.week')}</Table.Th>
          <Table.Th>{t('wear.resistance')}</Table.Th>
          <Table.Th>{t('wear.air')}</Table.Th>
          <Table.Th>{t('wear.idleOffset')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {[...trend.weeks].reverse().map(({ fromMs, resistance, effectiveAirC, idleOffsetK }) => (
          <Table.Tr key={fromMs}>
            <Table.Td>{format.date(fromMs)}</Table.Td>
            <Table.Td>
              {format.significant(resistance.value, 3)} K/W{' '}
              <small>
                [{format.significant(resistance.low, 3)}–{format.significant(resistance.high, 3)}]
              </small>
            </Table.Td>
            <Table.Td>{known(effectiveAirC, (value) => format.temperature(value))}</Table.Td>
            <Table.Td>{known(idleOffsetK, (value) => format.kelvins(value, 1))}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const localDay = (ms: number): string => {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
};

/** What a person did to the card. Marks can be added and removed. */
function Marks({
  card,
  gpuUuid,
  again,
}: {
  readonly card: Card;
  readonly gpuUuid: string;
  readonly again: () => void;
}) {
  const { t } = useTranslation();
  const { format } = useShared();
  const [kind, setKind] = useState<MarkKind>('re-paste');
  const [day, setDay] = useState(() => localDay(Date.now()));
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const tsMs = new Date(`${day}T12:00`).getTime();
  const put = async (mark: Card['marks'][number]): Promise<void> => {
    const { tsMs: at, kind: what, text: note, removed } = mark;
    const answer = await ask('wear.mark', {
      gpuUuid,
      mark: { tsMs: at, kind: what, text: note, ...(removed ? { removed } : {}) },
    });
    setError(answer.ok ? '' : errorText(answer.error));
    if (!answer.ok) return;
    setText('');
    again();
  };
  return (
    <div className={css.marks}>
      <h3 className={css.sub}>{t('wear.marks')}</h3>
      {card.marks.map((mark) => (
        <div key={`${mark.tsMs}/${mark.kind}`} className={css.markRow}>
          <span>{format.date(mark.tsMs)}</span>
          <span>{t(`wear.mark.${mark.kind}`)}</span>
          <span className={css.quietText}>{mark.text}</span>
          <Button size="compact-xs" variant="subtle" onClick={() => void put({ ...mark, removed: true })}>
            {t('wear.removeMark')}
          </Button>
        </div>
      ))}
      <form
        className={css.markForm}
        onSubmit={(event) => {
          event.preventDefault();
          if (Number.isFinite(tsMs)) void put({ tsMs, kind, text });
        }}
      >
        <Select
          size="xs"
          aria-label={t('wear.markKind')}
          allowDeselect={false}
          data={markKinds.map((value) => ({ value, label: t(`wear.mark.${value}`) }))}
          value={kind}
          onChange={(value) => value && setKind(value)}
        />
        <TextInput
          size="xs"
          type="date"
          aria-label={t('wear.markDate')}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          aria-label={t('wear.markText')}
          placeholder={t('wear.markText')}
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button size="xs" variant="default" type="submit" disabled={!Number.isFinite(tsMs)}>
          {t('wear.addMark')}
        </Button>
      </form>
      <ErrorLine text={error} />
    </div>
  );
}

/** Panel B: the card's thermal resistance against its own baseline. */
export function Cooling(props: { readonly card: Card; readonly gpuUuid: string; readonly again: () => void }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const sentence = useSentence();
  const { cooling, sinceMark, beforeAfter, marks } = props.card;
  return (
    <Panel title={t('wear.cooling')} aside={t('wear.measured')}>
      {'trend' in cooling ? (
        <>
          <p className={css.sentence} data-verdict={cooling.trend.level === 'ok' ? 'no-fault' : cooling.trend.level}>
            {cooling.trend.level !== 'ok' && (
              <strong>
                {cooling.trend.level === 'act' ? '■' : '▲'} {t(`wear.coolingLevel.${cooling.trend.level}`)}:{' '}
              </strong>
            )}
            {sentence(cooling.trend)}
          </p>
          <p className={css.note}>{t('wear.ratioAxis')}</p>
          <Intervals
            label={t('wear.ratioAxis')}
            reference={1}
            points={cooling.trend.weeks.map(({ fromMs, toMs, ratio }) => ({
              at: (fromMs + toMs) / 2,
              low: ratio.low,
              mid: ratio.value,
              high: ratio.high,
            }))}
            marks={marks
              .filter(({ tsMs }) => tsMs >= cooling.trend.baseline.fromMs)
              .map(({ tsMs, kind }) => ({ at: tsMs, label: t(`wear.mark.${kind}`) }))}
            atText={format.date}
            valueText={(value) => `${format.number(value, 2)} ×`}
          />
          <Accordion variant="default">
            <Accordion.Item value="weeks">
              <Accordion.Control>{t('wear.weeks')}</Accordion.Control>
              <Accordion.Panel>
                <Weeks trend={cooling.trend} />
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
          <p className={css.note}>
            {cooling.trend.daysToSlowdown
              ? t('wear.daysToSlowdown', {
                  low: format.significant(cooling.trend.daysToSlowdown.low),
                  high: format.significant(cooling.trend.daysToSlowdown.high),
                })
              : t('wear.daysWithheld')}
          </p>
        </>
      ) : (
        <p className={css.sentence}>{t(`wear.coolingMissing.${cooling.missing.missing}`, { ...cooling.missing })}</p>
      )}
      {sinceMark && beforeAfter && (
        <p className={css.note}>
          {t('wear.beforeAfter', {
            kind: t(`wear.mark.${sinceMark.kind}`),
            date: format.date(sinceMark.tsMs),
            ratio: format.number(beforeAfter.value, 2),
            low: format.number(beforeAfter.low, 2),
            high: format.number(beforeAfter.high, 2),
          })}
        </p>
      )}
      <p className={css.quiet}>{t('wear.confounders')}</p>
      <Marks {...props} />
    </Panel>
  );
}
