/** The stages of an install, in the order in which every host goes through them. */
export const stages = ['host', 'runtime', 'load-balancer', 'etcd', 'control-plane', 'node', 'addon'] as const;

export type Stage = (typeof stages)[number];

/** The stages up to and including `last`. */
export function stagesUntil(last: Stage): readonly Stage[] {
  return stages.slice(0, stages.indexOf(last) + 1);
}
