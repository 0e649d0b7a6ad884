import { alerts } from './alerts.ts';
import { gaps } from './gaps.ts';
import { incidents } from './incidents.ts';
import { measured } from './measured.ts';
import { modelled } from './modelled.ts';
import type { Part } from './part.ts';
import { sessions } from './sessions.ts';

/** The parts of a report, in their order on the page. A new part is a file here and a row in `parts`. */
export const partIds = ['measured', 'modelled', 'alerts', 'incidents', 'sessions', 'gaps'] as const;
export type PartId = (typeof partIds)[number];

export const parts: Readonly<Record<PartId, Part>> = { measured, modelled, alerts, incidents, sessions, gaps };
