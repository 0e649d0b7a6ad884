import type { Units } from '../../core/format.ts';
import type { Translate } from '../../core/i18n.ts';
import type { Formatter } from '../../metrics/format.ts';
import type { Tariff } from '../../workload/energy/tariff.ts';
import type { Markup } from '../markup.ts';
import type { Report } from '../report.ts';

/** What a part renders from. */
export type PartInput = {
  readonly report: Report;
  readonly t: Translate;
  readonly format: Formatter;
  readonly settings: Units & Tariff;
};

/** One part of a report: its data as HTML. */
export type Part = (input: PartInput) => Markup;
