import { ON_OFF, state, type MetricRow } from './row.ts';

/** Modes in which the card runs. */
export const mode = [
  {
    ...state,
    key: 'persistenceMode',
    id: 83,
    cadence: 'rare',
    range: [0, 1],
    words: ON_OFF,
    nvml: ['nvmlDeviceGetPersistenceMode'],
    xml: ['persistence_mode'],
    csv: ['persistence_mode'],
    doc: 'nvml.h: 1 = the driver stays loaded while no program uses the card. Linux only.',
  },
  {
    ...state,
    key: 'migMode',
    id: 84,
    cadence: 'rare',
    range: [0, 1],
    words: ON_OFF,
    nvml: ['nvmlDeviceGetMigMode'],
    xml: ['mig_mode/current_mig'],
    csv: ['mig.mode.current'],
    doc: 'nvml.h: 1 = the card is split into instances; utilisation is then not measurable.',
  },
  {
    ...state,
    key: 'migInstances',
    id: 85,
    cadence: 'rare',
    range: [0, 64],
    nvml: ['nvmlDeviceGetMigDeviceHandleByIndex'],
    xml: [],
    csv: [],
    doc: 'nvml.h: instances that exist now.',
  },
] as const satisfies readonly MetricRow[];
