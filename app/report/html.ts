import type { Units } from '../core/format.ts';
import type { Translate } from '../core/i18n.ts';
import { createFormatter } from '../metrics/format.ts';
import { sourceKindOf, type SourceKind } from '../telemetry/source-kinds.ts';
import { exposureJson } from '../wear/export.ts';
import type { Tariff } from '../workload/energy/tariff.ts';
import { html, Markup } from './markup.ts';
import { partIds, parts } from './parts/parts.ts';
import type { Report } from './report.ts';
import { reportStyles } from './styles.ts';

export type ReportLanguage = {
  readonly t: Translate;
  readonly locale: string;
  readonly settings: Units & Tariff;
};

/** The data behind the page, for other programs. */
function machineReadable({ gpu, source, fromMs, toMs, createdMs, summary, exposure }: Report): string {
  const data = {
    format: 'slowburn-report',
    version: 1,
    created: new Date(createdMs).toISOString(),
    period: { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
    gpu: { uuid: gpu.uuid, name: gpu.name, pciBusId: gpu.pciBusId, vbios: gpu.vbios },
    source,
    summary,
    exposure: exposure && exposureJson(exposure),
  };
  return JSON.stringify(data).replaceAll('<', '\\u003c'); // so that no text can end the element
}

/** Says on every page that the numbers do not come from a card in this machine. */
function banner(kind: SourceKind, t: Translate): Markup | undefined {
  const { origin } = sourceKindOf(kind);
  if (origin === 'measured') return undefined;
  return html`<p class="banner">${t(`banner.${origin}`)} · ${t(`banner.${origin}More`)}</p>`;
}

/** Renders a report as one self-contained HTML file: no script, no font, no address. */
export function reportHtml(report: Report, { t, locale, settings }: ReportLanguage): string {
  const format = createFormatter(locale, settings);
  const { gpu, source } = report;
  const driver = source.driverVersion ?? t('report.unknownDriver');
  const page = html`<!doctype html>
    <html lang="${t('report.language')}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${t('report.title', { name: gpu.name })}</title>
        <style>
          ${new Markup(reportStyles)}
        </style>
      </head>
      <body>
        <header>
          <p class="brand">Slowburn</p>
          <h1>${gpu.name}</h1>
          <p>${format.dateTime(report.fromMs)} – ${format.dateTime(report.toMs)}</p>
          ${banner(source.kind, t)}
        </header>
        ${partIds.map((id) => parts[id]({ report, t, format, settings }))}
        <footer>
          <p>${gpu.uuid} · ${gpu.pciBusId}${gpu.vbios ? ` · VBIOS ${gpu.vbios}` : ''}</p>
          <p>${t('report.source', { source: source.label, driver })}</p>
          <p>${t('report.created', { when: format.dateTime(report.createdMs) })}</p>
        </footer>
        <script type="application/json" id="report-data">
          ${new Markup(machineReadable(report))}
        </script>
      </body>
    </html> `;
  return page.text;
}
