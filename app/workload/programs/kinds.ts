/** What a workload makes, as far as it is known. */
export const workloadKinds = ['diffusion', 'autoregressive-image', 'llm', 'training', 'other'] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

/**
 * What identified a program, most reliable first. It is stored, so that a wrong guess can be traced. `port` is no longer given: it
 * stands in histories of earlier versions.
 */
export const evidences = ['rule', 'command', 'place', 'parent', 'port'] as const;
export type Evidence = (typeof evidences)[number];
