import { loosely } from '../../app/core/i18n.ts';
import { useTranslation } from 'react-i18next';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import css from './wear.module.css';

type Health = NonNullable<ResponseOf<'wear.card'>>['health'];

// a separate sign for each verdict, so that they differ without colour
const signs = { 'not-measurable': '–', 'no-fault': '○', watch: '▲', act: '■' } as const;
const SHOWN = 8;

/** Panel A: what the driver reports, judged by published rules. Nothing is modelled. */
export function Facts({ health }: { readonly health: Health }) {
  const { t } = useTranslation();
  const { format } = useShared();
  const told = health.facts.filter(({ verdict }) => verdict !== 'not-measurable');
  const silent = health.facts.filter(({ verdict }) => verdict === 'not-measurable');
  const early = silent.filter(({ finding }) => finding.endsWith('.not-yet'));
  const never = silent.filter((one) => !early.includes(one));
  const listOf = (facts: typeof silent): string => facts.map(({ id }) => t(`wear.fact.${id}`)).join(', ');
  return (
    <Panel title={t('wear.facts')} aside={t('wear.measured')}>
      <p className={css.sentence} data-verdict={health.verdict}>
        <span aria-hidden>{signs[health.verdict]} </span>
        {t(`wear.verdictSentence.${health.verdict}`)}
      </p>
      <ul className={css.facts}>
        {told.map(({ id, verdict, finding, values, tsMs, source }) => (
          <li key={id} data-verdict={verdict}>
            <span className={css.sign} aria-hidden>
              {signs[verdict]}
            </span>
            <span className={css.factName}>{t(`wear.fact.${id}`)}</span>
            <span className={css.factWord}>{t(`wear.verdict.${verdict}`)}</span>
            <span>
              {loosely(t)(`health.${finding}`, {
                ...Object.fromEntries(
                  Object.entries(values).map(([key, value]) => [
                    key,
                    key === 'code' ? String(value) : format.number(value, value > 0 && value < 1 ? 2 : 0),
                  ]),
                ),
              })}
              <small>
                {tsMs !== undefined && `${t('wear.factSeen', { when: format.dateTime(tsMs) })} · `}
                {source}
              </small>
            </span>
          </li>
        ))}
      </ul>
      {health.xids.length > 0 && (
        <>
          <h3 className={css.sub}>{t('wear.xidHeading')}</h3>
          <ul className={css.xids}>
            {health.xids.slice(0, SHOWN).map(({ code, text, origin, tsMs, said, immediate }) => (
              <li key={`${tsMs}/${code}`} title={said}>
                <span>{format.dateTime(tsMs)}</span>
                <span>Xid {code}</span>
                <span>{text}</span>
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
