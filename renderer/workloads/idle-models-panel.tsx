import { useTranslation } from 'react-i18next';
import { idleTexts } from '../../app/workload/sessions/figure-text.ts';
import { useShared } from '../context.tsx';
import { Panel } from '../parts/panel.tsx';
import { useQuestion } from '../use-question.ts';
import css from '../pages/table.module.css';

/** Reading a week of minutes takes a while, and its sums change slowly. */
const ASKED_EVERY_MS = 10 * 60_000;

/** What models cost in the last week that stayed loaded while no session ran. Nothing while there is none. */
export function IdleModelsPanel() {
  const { t } = useTranslation();
  const { format, money } = useShared();
  const { data } = useQuestion('models.idle', undefined, { everyMs: ASKED_EVERY_MS });
  if (!data || data.models.length === 0) return null;
  const { fromMs, toMs, models } = data;
  return (
    <Panel title={t('idleModels.title')} modelled>
      <p className={css.remark}>
        {t('idleModels.heading', { from: format.dateTime(fromMs), to: format.dateTime(toMs) })}
      </p>
      <ul>
        {models.map((model) => {
          const [line, ...more] = idleTexts(model, money, t, format);
          return (
            <li key={`${model.program} ${model.model ?? ''}`}>
              {line}
              {more.map((text) => (
                <div key={text} className={css.remark}>
                  {text}
                </div>
              ))}
            </li>
          );
        })}
      </ul>
      <p className={css.remark}>{t('idleModels.estimate')}</p>
    </Panel>
  );
}
