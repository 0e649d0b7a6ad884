import { useTranslation } from 'react-i18next';
import { joined } from '../../app/core/format.ts';
import { energyNotes } from '../../app/workload/energy/words.ts';
import { boundSigns, type FigureState } from '../../app/workload/sessions/figure-states.ts';
import { costUnitOf } from '../../app/workload/sessions/figure-text.ts';
import { figuresOf, type Figures } from '../../app/workload/sessions/figures.ts';
import { publishedFor, type Published as PublishedFigure } from '../../app/workload/sessions/published.ts';
import { kneeOf } from '../../app/workload/sessions/sweep.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './comparison.module.css';
import type { Session } from './session-table.tsx';
import { SweepCurve } from './sweep-curve.tsx';

type Line = {
  readonly key: string;
  readonly label: string;
  readonly note: string;
  readonly value: number | undefined;
  readonly text: string;
  readonly published?: boolean;
  readonly mark?: string;
};

/** One quantity of several sessions: a bar each, with its label. Published figures are outlined. */
function Bars({ title, lines }: { readonly title?: string; readonly lines: readonly Line[] }) {
  const highest = Math.max(...lines.map(({ value }) => Math.abs(value ?? 0))); // a cost may be below 0
  if (highest <= 0) return null;
  return (
    <div className={css.group}>
      {title !== undefined && <h3>{title}</h3>}
      {lines.map(({ key, label, note, value, text, published, mark }) => (
        <div key={key} className={css.line}>
          <div className={css.label} title={`${label} · ${note}`}>
            {label} <span className={css.note}>{note}</span>
          </div>
          <div className={css.track}>
            <div
              className={css.bar}
              data-published={published}
              data-negative={(value ?? 0) < 0}
              style={{ width: `${(Math.abs(value ?? 0) / highest) * 100}%` }}
            />
          </div>
          <div className={css.value}>
            {text}
            {mark && <span className={css.mark}> {mark}</span>}
          </div>
        </div>
      ))}
    </div>
  );
}

/**
 * Published figures on a scale of their own, apart from a person's sessions: they hold for their own device, batch and
 * size alone, so they are no measure of another card (docs/wear-model.md). Those of a card that is here come first.
 */
function Published({ rows, cards }: { readonly rows: readonly PublishedFigure[]; readonly cards: readonly string[] }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const isHere = ({ device }: PublishedFigure): boolean => cards.some((card) => card.includes(device));
  const here = rows.some(isHere);
  return (
    <details className={css.published} open={here}>
      <summary>{t('workloads.published')}</summary>
      <Bars
        lines={[...rows]
          .sort((a, b) => Number(isHere(b)) - Number(isHere(a)))
          .map((row, i) => ({
            key: `published-${i}`,
            label: row.label,
            note: `${row.device} · ${row.batch}`,
            value: row.joules,
            text: joined(format.joules(row.joules)),
            published: true,
          }))}
      />
      <p className={css.hint}>{t(here ? 'workloads.publishedHere' : 'workloads.publishedNote')}</p>
    </details>
  );
}

/** Two or more sessions side by side, each for one of its outputs where they are counted in the same unit. */
export function Comparison({
  sessions,
  names,
}: {
  readonly sessions: readonly Session[];
  readonly names: ReadonlyMap<string, string>;
}) {
  const { t } = useTranslation();
  const { format, money } = useShared();
  const rows = [...sessions]
    .sort((a, b) => (a.summary?.workload?.capW ?? 0) - (b.summary?.workload?.capW ?? 0) || a.startedMs - b.startedMs)
    .map((session) => ({ session, figures: figuresOf(session, money) }));
  const units = [...new Set(rows.map(({ figures }) => figures.outputs?.unit))];
  const unit = units.length === 1 ? units[0] : undefined;
  const points = rows.map(({ session, figures }) => ({
    capW: session.summary?.workload?.capW ?? Number.NaN,
    joulesEach: figures.each?.energyJ,
    perHour: figures.outputsPerHour,
    meanTempC: figures.meanTempC,
  }));
  const caps = new Set(points.map(({ capW }) => capW)).size > 1 && points.every(({ capW }) => capW > 0);
  const knee = caps ? kneeOf(points) : undefined;
  const kinds = [...new Set(sessions.map(({ summary }) => summary?.workload?.kind ?? 'other'))];
  const references = unit ? publishedFor(unit, kinds) : [];
  const cards = rows.map(({ session }) => names.get(session.summary?.gpus[0]?.gpuUuid ?? '') ?? '');

  /** @param stateOf of figures that may be a bound or withheld */
  const lines = (
    pick: (figures: Figures) => number | undefined,
    show: (value: number) => string,
    stateOf?: (states: Figures['states']) => FigureState,
  ): Line[] =>
    rows.map(({ session, figures }, i) => {
      const value = pick(figures);
      const state = stateOf?.(figures.states);
      const absent = state === 'all-shared' ? t('workloads.allShared') : t('report.notObserved');
      const { model, capW } = session.summary?.workload ?? {};
      const card = names.get(session.summary?.gpus[0]?.gpuUuid ?? '');
      return {
        key: String(session.id),
        label: [session.name, model].filter(Boolean).join(' · '),
        note: [capW !== undefined && `${capW} W`, card].filter(Boolean).join(' · '),
        value,
        text: value === undefined ? absent : (state ? (boundSigns[state] ?? '') : '') + show(value),
        ...(knee === points[i] && { mark: t('workloads.knee') }),
      };
    });
  const joules = (value: number): string => joined(format.joules(value));
  const each = unit !== undefined;
  const per = unit && costUnitOf(unit, t);

  return (
    <Panel
      title={t('workloads.comparison')}
      aside={unit && t('workloads.perOutput', { unit: t(`outputUnit.${unit}`) })}
    >
      {caps && <SweepCurve points={points} knee={knee} />}
      {!each && <p className={css.hint}>{t('workloads.differentUnits')}</p>}
      <Bars
        title={each ? `${t('workloads.energyEach')}, ${t('workloads.wholeSession')}` : t('sessions.energy')}
        lines={lines(
          (figures) => (each ? figures.each?.energyJ : figures.energyJ),
          each ? joules : (value) => joined(format.energy(value)),
          (states) => (each ? states.perOutput : states.energy),
        )}
      />
      {each && (
        <Bars
          title={`${t('workloads.energyEach')}, ${t('workloads.active')}`}
          lines={lines(
            (figures) => figures.eachActive?.energyJ,
            joules,
            (states) => states.perOutput,
          )}
        />
      )}
      {each && !caps && (
        <Bars
          title={t('workloads.outputsPerHour')}
          lines={lines(
            (figures) => figures.outputsPerHour,
            (value) => format.significant(value, 3),
          )}
        />
      )}
      {!caps && (
        <Bars
          title={t('report.mean')}
          lines={lines(
            (figures) => figures.meanTempC,
            (value) => joined(format.temperature(value)),
          )}
        />
      )}
      <Bars
        title={per ? t('workloads.costEach', { unit: per.name }) : t('sessions.cost')}
        lines={lines(
          (figures) => (per ? figures.each?.cost && figures.each.cost * per.count : figures.cost),
          format.money,
          (states) => (each ? states.costPerOutput : states.cost),
        )}
      />
      {rows.flatMap(({ session, figures }) =>
        energyNotes(figures, t, format).map((note) => (
          <p key={`${session.id} ${note}`} className={css.hint}>
            {session.name}: {note}
          </p>
        )),
      )}
      {references.length > 0 && <Published rows={references} cards={cards} />}
      {kinds.includes('autoregressive-image') && <p className={css.hint}>{t('workloads.nonePublished')}</p>}
    </Panel>
  );
}
