/** Every process that kboot runs on hosts or through the API, and that others count on. */
export const components = [
  'containerd',
  'kubelet',
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'haproxy',
  'keepalived',
  'flannel',
  'kube-proxy',
  'coredns',
  'metallb',
] as const;
export type Component = (typeof components)[number];

/** Components that the kubelet runs as static Pods. */
export const staticPodComponents = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const satisfies readonly Component[];
export type StaticPodComponent = (typeof staticPodComponents)[number];

/** Components that systemd runs. */
export type UnitComponent = Extract<Component, 'containerd' | 'kubelet' | 'etcd' | 'haproxy' | 'keepalived'>;

/** What a step does to a running component. The resource kind that makes the step states it. */
export interface Effect {
  readonly component: Component;
  readonly kind: 'start' | 'reload' | 'restart' | 'stop';
}
