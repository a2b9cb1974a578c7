import { describePath, error } from '../position.ts';
import type { Check } from './check.ts';

/** Settings of kube-proxy mean nothing where kboot does not install it. */
export const kubeProxyIsInstalled: Check = ({ draft }) => {
  const { enabled, config } = draft.spec?.kubeProxy ?? {};
  if (enabled !== false || config === undefined) return [];
  const at = ['spec', 'kubeProxy', 'config'];
  return [
    error(
      at,
      `${describePath(at)} is for kboot's kube-proxy, but spec.kubeProxy.enabled is false; remove one of them`,
    ),
  ];
};

/** Settings of flannel mean nothing where kboot does not install it. */
export const flannelIsInstalled: Check = ({ draft }) => {
  const { cni, flannel } = draft.spec?.networking ?? {};
  if (cni !== 'none' || flannel === undefined) return [];
  const at = ['spec', 'networking', 'flannel'];
  return [
    error(
      at,
      `${describePath(at)} is for kboot's flannel, but spec.networking.cni is none; remove one of them`,
    ),
  ];
};
