import { loosely } from '../app/core/i18n.ts';
import { useEffect, useRef, useState, type ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import css from './app.module.css';
import { settingsNotices } from '../app/settings/report-words.ts';
import { onPush } from './bridge.ts';
import { useShared } from './context.tsx';
import { liveNow, onLive, useLive, type Live } from './live/store.ts';
import { AlertsPage } from './pages/alerts.tsx';
import { HistoryPage } from './pages/history.tsx';
import { LivePage } from './pages/live.tsx';
import { ReportPage } from './pages/report.tsx';
import { SettingsPage } from './pages/settings.tsx';
import { WearPage } from './pages/wear.tsx';
import { WorkloadsPage } from './pages/workloads.tsx';
import { Banner } from './parts/banner.tsx';
import { Hints } from './parts/hints.tsx';
import { setText } from './set-text.ts';

const pages = {
  live: LivePage,
  history: HistoryPage,
  workloads: WorkloadsPage,
  wear: WearPage,
  alerts: AlertsPage,
  report: ReportPage,
  settings: SettingsPage,
} as const satisfies Record<string, ComponentType>;
type PageName = keyof typeof pages;

const sourceOf = ({ source }: Live) => source;
const sourceLabel = ({ source }: Live) => source?.label;
const faultOf = ({ fault }: Live) => fault;
const hasCost = ({ cost }: Live) => cost !== undefined;

/** Is it recording, how often: the foot of every number on the page. */
function Recorder() {
  const { t } = useTranslation();
  const { settings, collector, format } = useShared();
  const label = useLive(sourceLabel);
  const fault = useLive(faultOf);
  const state = collector?.state ?? 'starting';
  const trouble = state === 'failed' || state === 'silent' || state === 'restarting' || fault !== undefined;
  return (
    <div className={css.recorder} role="status">
      <span className={css.lamp} data-on={trouble ? 'trouble' : state === 'running'} />
      <span>{t(`recorder.${state}`)}</span>
      {state === 'running' && (
        <span>
          ·{' '}
          {t('recorder.interval', {
            seconds: format.number(settings.intervalMs / 1000, settings.intervalMs < 1000 ? 1 : 0),
          })}
        </span>
      )}
      {label !== undefined && <span>· {label}</span>}
    </div>
  );
}

/** What Slowburn itself costs: the foot of the window. Its numbers change all the time, so they are written without React. */
function OwnCost() {
  const { t } = useTranslation();
  const { format } = useShared();
  const known = useLive(hasCost);
  const foot = useRef<HTMLElement>(null);
  useEffect(() => {
    let written: Live['cost'];
    const write = (): void => {
      const { cost } = liveNow();
      if (!foot.current || !cost || cost === written) return;
      written = cost;
      const { collector, application } = cost;
      const { text, unit } = format.bytes(application.memoryBytes, 2);
      const texts = [
        t('cost.cpu', { pct: format.number(application.cpuPct, 1) }),
        t('cost.memory', { amount: `${text} ${unit}` }),
        t('cost.driver', { ms: format.number(collector.readMs, 1) }),
        t('cost.kept', { count: collector.kept, text: format.number(collector.kept) }),
        t('cost.lost', { count: collector.lost, text: format.number(collector.lost) }),
      ];
      texts.forEach((said, i) => setText(foot.current?.children[i], said));
      foot.current.dataset['lost'] = String(collector.lost > 0);
    };
    write();
    return onLive(write);
  }, [known, t, format]);
  if (!known) return null;
  return (
    <footer ref={foot} className={css.foot} title={t('cost.note')}>
      <span />
      <span />
      <span />
      <span />
      <span />
    </footer>
  );
}

/** What holds for every page: simulated numbers, trouble of the source or the collector, a history set aside. */
function Banners() {
  const { t } = useTranslation();
  const { collector, settingsReport } = useShared();
  const source = useLive(sourceOf);
  const fault = useLive(faultOf);
  const notices = settingsReport ? settingsNotices(settingsReport, t) : [];
  return (
    <div>
      {source?.simulated && (
        <Banner kind="simulated" title={loosely(t)(`banner.${source.kind}`)}>
          {loosely(t)(`banner.${source.kind}More`)} {source.because}
        </Banner>
      )}
      {collector?.error && (
        <Banner kind="act" title={collector.error.message}>
          {collector.error.next}
        </Banner>
      )}
      {collector?.state === 'restarting' && <Banner kind="warn" title={t('recorder.restarting')} />}
      {fault && (
        <Banner kind={fault.level ?? 'act'} title={fault.message}>
          {fault.next}
        </Banner>
      )}
      {notices.map(({ title, lines, next }) => (
        <Banner key={title} kind="warn" title={title}>
          {[...lines, next].filter(Boolean).map((line) => (
            <span key={line} className={css.line}>
              {line}
            </span>
          ))}
        </Banner>
      ))}
      {collector?.notice && (
        <Banner kind="warn" title={collector.notice.message}>
          {collector.notice.next}
        </Banner>
      )}
      {collector?.setAside && <Banner kind="warn" title={t('banner.setAside', { file: collector.setAside })} />}
    </div>
  );
}

export function App() {
  const { t } = useTranslation();
  const { firing } = useShared();
  const [page, setPage] = useState<PageName>('live');
  const content = useRef<HTMLElement>(null);
  const Page = pages[page];

  useEffect(() => onPush('show', (asked) => setPage(asked.page)), []);
  useEffect(() => content.current?.scrollTo(0, 0), [page]);

  return (
    <div className={css.frame}>
      <header className={css.top}>
        <span className={css.brand}>Slowburn</span>
        <Recorder />
      </header>
      <nav className={css.nav} aria-label={t('nav.label')}>
        {(Object.keys(pages) as PageName[]).map((name) => (
          <button
            key={name}
            type="button"
            className={css.link}
            aria-current={name === page ? 'page' : undefined}
            onClick={() => setPage(name)}
          >
            {t(`nav.${name}`)}
            {name === 'alerts' && firing.length > 0 && (
              <span className={css.count} title={t('nav.firing', { count: firing.length })}>
                {firing.length}
              </span>
            )}
          </button>
        ))}
      </nav>
      <main className={css.content} ref={content}>
        <Banners />
        <div className={css.page}>
          <Page />
        </div>
      </main>
      <OwnCost />
      <Hints />
    </div>
  );
}
