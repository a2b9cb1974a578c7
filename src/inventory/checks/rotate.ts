import { ownCaFlags } from '../../model/pki.ts';
import { describePath, error, type Path } from '../position.ts';
import type { Check } from './check.ts';

/** What is exchanged is the cluster's own: others exchange theirs, and kboot would put nothing into effect. */
export const rotatedIsOwn: Check = ({ draft }) => {
  const spec = draft.spec;
  const rotate = spec?.pki?.rotate ?? [];
  return rotate.flatMap((ca, index) => {
    const where: Path = ['spec', 'pki', 'rotate', index];
    if (ca === 'etcd-ca' && spec?.etcd?.external !== undefined)
      return [
        error(
          where,
          `${describePath(where)}: etcd-ca is not a CA of this cluster: spec.etcd.external has its own`,
        ),
      ];
    const own = ownCaFlags.find(
      ([component, flag, of]) =>
        of === ca && spec?.[component]?.extraArgs?.some((arg) => arg?.name === flag) === true,
    );
    if (own === undefined) return [];
    const [component, flag] = own;
    return [
      error(
        where,
        `${describePath(where)}: ${ca} cannot be exchanged: spec.${component}.extraArgs.${flag} names a file of yours`,
      ),
    ];
  });
};
