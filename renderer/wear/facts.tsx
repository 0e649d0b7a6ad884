import { useTranslation } from 'react-i18next';
import { factText } from '../../app/health/fact-text.ts';
import { xidName } from '../../app/health/xid.ts';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Health = NonNullable<ResponseOf<'wear.card'>>['health'];

// a sign of its own for each verdict, so that they differ without colour
const signs = { 'not-measurable': '–', 'no-fault': '○', watch: '▲', act: '■' } as const;
const SHOWN = 8;

/** Panel A: what the driver reports, judged by published rules. Nothing is modelled. */
export function Facts({ health }: { readonly health: Health }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const told = health.facts.filter(({ verdict }) => verdict !== 'not-measurable');
  const silent = health.facts.filter(({ verdict }) => verdict === 'not-measurable');
  const early = silent.filter(({ finding }) => finding.endsWith('.notYet'));
  const never = silent.filter((one) => !early.includes(one));
  const listOf = (facts: typeof silent): string => facts.map(({ id }) => t(`wear.fact.${id}`)).join(', ');
  return (
    <Panel title={t('wear.facts')} aside={t('wear.measured')}>
      <p className={css.sentence} data-verdict={health.verdict}>
        <span aria-hidden>{signs[health.verdict]} </span>
        {t(`wear.verdictSentence.${health.verdict}`)}
      </p>
      <ul className={css.facts}>
        {told.map((fact) => (
          <li key={fact.id} data-verdict={fact.verdict}>
            <span className={css.sign} aria-hidden>
              {signs[fact.verdict]}
            </span>
            <span className={css.factName}>{t(`wear.fact.${fact.id}`)}</span>
            <span className={css.factWord}>{t(`wear.verdict.${fact.verdict}`)}</span>
            <span>
              {factText(t, format, fact)}
              <small>
                {fact.tsMs !== undefined && `${t('wear.factSeen', { when: format.dateTime(fact.tsMs) })} · `}
                {t(`health.source.${fact.id}`)}
              </small>
            </span>
          </li>
        ))}
      </ul>
      {health.xids.length > 0 && (
        <>
          <h3 className={css.sub}>{t('wear.xidHeading')}</h3>
          <ul className={css.xids}>
            {health.xids.slice(0, SHOWN).map(({ code, origin, tsMs, said, immediate }) => (
              <li key={`${tsMs}/${code}`} title={said}>
                <span>{format.dateTime(tsMs)}</span>
                <span>Xid {code}</span>
                <span>{xidName(t, code)}</span>
                <span>{t(`wear.origin.${origin}`)}</span>
                <small>{immediate}</small>
              </li>
            ))}
          </ul>
          <p className={css.quiet}>{t('wear.xidNote')}</p>
        </>
      )}
      {early.length > 0 && <p className={css.quiet}>{t('wear.notYet', { list: listOf(early) })}</p>}
      {never.length > 0 && <p className={css.quiet}>{t('wear.notMeasurable', { list: listOf(never) })}</p>}
    </Panel>
  );
}
