import { isCheck, knownChecks, whyNotIgnorable } from '../../model/preflight-checks.ts';
import { nearest } from '../nearest.ts';
import { describePath, error } from '../position.ts';
import type { Check } from './check.ts';

/** spec.preflight.ignore names checks that exist and can be ignored. */
export const ignoredChecksAreIgnorable: Check = ({ draft }) =>
  (draft.spec?.preflight?.ignore ?? []).flatMap((check, index) => {
    const path = ['spec', 'preflight', 'ignore', index];
    if (check === undefined) return [];
    const why = whyNotIgnorable(check);
    if (why !== undefined)
      return [error(path, `${describePath(path)} ${check} cannot be ignored, because ${why}`)];
    if (isCheck(check)) return [];
    const near = nearest(check, knownChecks);
    const hint = near === undefined ? `the checks are ${knownChecks.join(', ')}` : `did you mean ${near}?`;
    return [error(path, `${describePath(path)} ${check} is not a preflight check; ${hint}`)];
  });
