import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { SettingsReport } from '../../app/settings/read-settings.ts';
import { sourceKindOf } from '../../app/telemetry/source-kinds.ts';
import { usePauseEnd } from '../pause-end.ts';
import { useShared } from '../context.tsx';
import { useLive, type Live } from '../live/store.ts';
import { Banner } from '../parts/banner.tsx';
import { later } from '../parts/later.tsx';

const SettingsBanners = later(async () => (await import('./settings-banners.tsx')).SettingsBanners);

const EndedBanner = later(async () => (await import('./followed.tsx')).EndedBanner);
const VersionBanner = later(async () => (await import('./followed.tsx')).VersionBanner);

const sourceOf = ({ source }: Live) => source;
const faultOf = ({ fault }: Live) => fault;

/** That the numbers do not come from a card of this machine. */
function SimulatedBanner() {
  const { t } = useTranslation();
  const source = useLive(sourceOf);
  if (!source) return null;
  const { origin } = sourceKindOf(source.kind);
  if (origin === 'measured') return null;
  return (
    <Banner kind="simulated" title={t(`banner.${origin}`)}>
      {t(`banner.${origin}More`)} {source.because}
    </Banner>
  );
}

/** That alerts are paused, and until when. */
function PauseBanner() {
  const { t } = useTranslation();
  const { settings, format } = useShared();
  const endMs = usePauseEnd(settings.alerts);
  if (endMs === undefined) return null;
  return (
    <Banner kind="paused" title={t('banner.alertsPaused', { when: format.time(endMs) })}>
      {t('banner.alertsPausedMore')}
    </Banner>
  );
}

/** Checked here, so that the sentences are loaded only where they are needed. */
const needsNotice = ({ problems, former, suspended }: SettingsReport): boolean =>
  problems.length + former.length + suspended.length > 0;

/** What is true of every page: simulated numbers, trouble of the source or the recorder, a history set aside. */
export function Banners() {
  const { t } = useTranslation();
  const { collector, settingsReport } = useShared();
  const fault = useLive(faultOf);
  const { state, recorder } = collector ?? {};
  const waits = state === 'waiting' || state === 'waiting-for-system';
  return (
    <div>
      <SimulatedBanner />
      <PauseBanner />
      {collector?.error && (
        <Banner kind="act" title={collector.error.message}>
          {collector.error.next}
        </Banner>
      )}
      <Suspense>
        {waits && <EndedBanner ofSystem={state === 'waiting-for-system'} />}
        {!waits && recorder && recorder.version !== recorder.windowVersion && <VersionBanner recorder={recorder} />}
      </Suspense>
      {collector?.state === 'restarting' && <Banner kind="warn" title={t('recorder.restarting')} />}
      {fault && (
        <Banner kind={fault.level ?? 'act'} title={fault.message}>
          {fault.next}
        </Banner>
      )}
      {settingsReport && needsNotice(settingsReport) && (
        <Suspense>
          <SettingsBanners report={settingsReport} />
        </Suspense>
      )}
      {collector?.notice && (
        <Banner kind="warn" title={collector.notice.message}>
          {collector.notice.next}
        </Banner>
      )}
      {collector?.setAside && <Banner kind="warn" title={t('banner.setAside', { file: collector.setAside })} />}
    </div>
  );
}
