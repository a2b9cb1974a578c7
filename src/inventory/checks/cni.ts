import { describePath, error } from '../position.ts';
import type { Check } from './check.ts';

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
