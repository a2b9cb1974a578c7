import { encryptionFlag } from '../../model/encryption.ts';
import { describePath, error, type Path, type Problem } from '../position.ts';
import type { Check } from './check.ts';
import { statedComponents } from './components.ts';

const at = (...rest: readonly string[]): Path => ['spec', 'encryption', ...rest];

/** A plugin is given for kms and for no other provider, and has a name of its own instead of a key. */
export const encryptionKeyIsClear: Check = ({ draft }) => {
  const stated = draft.spec?.encryption;
  const provider = stated?.provider;
  if (stated === undefined || provider === undefined) return [];
  const problems: Problem[] = [];
  if (provider === 'kms') {
    if (!('kms' in stated))
      problems.push(error(at('provider'), 'spec.encryption.provider kms needs spec.encryption.kms.endpoint'));
    if (stated.key !== undefined)
      problems.push({
        ...error(
          at('key'),
          'spec.encryption.key is not for kms, whose plugin has its own keys; set spec.encryption.kms.name',
        ),
        at: 'key',
      });
  } else if (stated.kms !== undefined)
    problems.push({
      ...error(
        at('kms'),
        `spec.encryption.kms is only for provider kms, not ${provider}; remove one of them`,
      ),
      at: 'key',
    });
  return problems;
};

/** A configuration file of the operator's own, and kboot's, exclude each other. */
export const encryptionIsStatedOnce: Check = (input) => {
  if (input.draft.spec?.encryption === undefined) return [];
  return statedComponents(input).flatMap(({ field, flags }) =>
    flags
      .filter(({ name }) => field === 'apiServer' && name.replaceAll('_', '-') === encryptionFlag)
      .map(({ path }) => {
        const where = [...path, 'name'];
        return error(
          where,
          `${describePath(where)}: ${encryptionFlag} is derived from spec.encryption; remove one of them. kboot does not take over a file of yours: decrypt everything with it first`,
        );
      }),
  );
};
