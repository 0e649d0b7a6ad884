import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { isLive } from '../../app/telemetry/source.ts';
import { useShared } from '../context.tsx';
import { useLive, type Live } from '../live/store.ts';
import { Banner } from '../parts/banner.tsx';
import { later } from '../parts/later.tsx';

const SettingsBanners = later(async () => (await import('./settings-banners.tsx')).SettingsBanners);

const sourceOf = ({ source }: Live) => source;
const faultOf = ({ fault }: Live) => fault;

/** That the numbers do not come from a card of this machine. */
function SimulatedBanner() {
  const { t } = useTranslation();
  const source = useLive(sourceOf);
  if (!source || isLive(source)) return null;
  const kind = source.kind === 'replay' ? 'replay' : 'simulator';
  return (
    <Banner kind="simulated" title={t(`banner.${kind}`)}>
      {t(`banner.${kind}More`)} {source.because}
    </Banner>
  );
}

/** What is true of every page: simulated numbers, trouble of the source or the recorder, a history set aside. */
export function Banners() {
  const { t } = useTranslation();
  const { collector, settingsReport } = useShared();
  const fault = useLive(faultOf);
  return (
    <div>
      <SimulatedBanner />
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
      {settingsReport && (settingsReport.problems.length > 0 || settingsReport.suspended.length > 0) && (
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
