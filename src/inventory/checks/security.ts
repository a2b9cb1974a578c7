import type { SecurityProfile } from '../../model/security.ts';
import { describePath, error, type Path, type Problem } from '../position.ts';
import { profileSettings } from '../security-profiles.ts';
import type { Check, CheckInput } from './check.ts';
import { statedComponents, type StatedFlag } from './components.ts';

const profileOf = ({ draft, profile }: CheckInput): SecurityProfile =>
  draft.spec?.security?.profile ?? profile;

/** Flags that a file of kboot's for the API servers excludes: what to set instead. */
interface Excluded {
  readonly flags: RegExp;
  readonly holds: (input: CheckInput) => boolean;
  readonly why: string;
}

const limitsAnonymous = (input: CheckInput): boolean =>
  (input.draft.spec?.security?.anonymous ?? profileSettings[profileOf(input)].anonymous) === 'health' &&
  !isStated(input, 'authentication-config');
const authenticates = ({ draft }: CheckInput): boolean => draft.spec?.apiServer?.authentication !== undefined;
const authorizes = ({ draft }: CheckInput): boolean => draft.spec?.apiServer?.authorization !== undefined;

const excluded: readonly Excluded[] = [
  {
    flags: /^authentication-config$/,
    holds: authenticates,
    why: 'is set from spec.apiServer.authentication; remove one of them',
  },
  {
    flags: /^anonymous-auth$/,
    holds: limitsAnonymous,
    why: 'excludes the limits that spec.security.anonymous sets; leave it out, or set spec.security.anonymous: allowed',
  },
  {
    flags: /^oidc-/,
    holds: (input) => limitsAnonymous(input) || authenticates(input),
    why: 'excludes the AuthenticationConfiguration that kboot writes for spec.security.anonymous and spec.apiServer.authentication; state the issuer in spec.apiServer.authentication.jwt',
  },
  {
    flags: /^authorization-(mode|config|webhook-.*|policy-file)$/,
    holds: authorizes,
    why: 'excludes spec.apiServer.authorization; state it there',
  },
];

/** Flags of the API server that Kubernetes does not accept beside files that kboot writes. */
export const securityFlagsFit: Check = (input) =>
  apiServerFlags(input).flatMap(({ name, value, path }) => {
    // Never possible: said already.
    if (normal(name) === 'anonymous-auth' && value === 'false') return [];
    const rule = excluded.find(({ flags, holds }) => flags.test(normal(name)) && holds(input));
    const where = [...path, 'name'];
    return rule === undefined ? [] : [error(where, `${describePath(where)}: ${name} ${rule.why}`)];
  });

/** Issuers of tokens and authorizers, as far as API servers would not start or kubelets not be served. */
export const apiServerConfigsAreSound: Check = ({ draft }) => {
  const { authentication, authorization } = draft.spec?.apiServer ?? {};
  const problems: Problem[] = [];
  for (const [field, stated, list] of [
    ['authentication', authentication, 'jwt'],
    ['authorization', authorization, 'authorizers'],
  ] as const) {
    if (stated === undefined) continue;
    const path: Path = ['spec', 'apiServer', field];
    const given = [list, 'file'].filter((key) => key in stated);
    if (given.length !== 1)
      problems.push({ ...error(path, `${describePath(path)} must have either ${list} or file`), at: 'key' });
  }
  for (const [index, issuer] of (authentication?.jwt ?? []).entries())
    problems.push(...ofIssuer(issuer, ['spec', 'apiServer', 'authentication', 'jwt', index]));
  const types = authorization?.authorizers?.map((each) => each?.['type']);
  const missing = ['Node', 'RBAC'].filter((type) => types?.includes(type) === false);
  if (missing.length > 0) {
    const path: Path = ['spec', 'apiServer', 'authorization', 'authorizers'];
    problems.push(
      error(
        path,
        `${describePath(path)} must include ${missing.join(' and ')}: kubelets and the objects of Kubernetes rely on them`,
      ),
    );
  }
  return problems;
};

function ofIssuer(stated: Readonly<Record<string, unknown>> | undefined, path: Path): Problem[] {
  if (stated === undefined) return [];
  const { issuer, claimMappings } = stated as { issuer?: unknown; claimMappings?: unknown };
  const { url, audiences } = (issuer ?? {}) as { url?: unknown; audiences?: unknown };
  const { username } = (claimMappings ?? {}) as { username?: unknown };
  const must = (holds: boolean, what: string): Problem[] =>
    holds ? [] : [error(path, `${describePath(path)} ${what}`)];
  return [
    ...must(
      typeof url === 'string' && url.startsWith('https://'),
      'must have an issuer.url that begins with https://',
    ),
    ...must(Array.isArray(audiences) && audiences.length > 0, 'must have issuer.audiences'),
    ...must(username !== undefined, 'must have claimMappings.username'),
  ];
}

/** Secrets cannot both be encrypted and not. */
export const encryptionIsWanted: Check = ({ draft }) => {
  if (draft.spec?.encryption === undefined || draft.spec.security?.encryptSecrets !== false) return [];
  const path: Path = ['spec', 'security', 'encryptSecrets'];
  return [error(path, `${describePath(path)} false contradicts spec.encryption; remove one of them`)];
};

function apiServerFlags(input: CheckInput): readonly StatedFlag[] {
  return statedComponents(input).flatMap(({ field, flags }) => (field === 'apiServer' ? flags : []));
}

const normal = (flag: string): string => flag.replaceAll('_', '-');

function isStated(input: CheckInput, flag: string): boolean {
  return apiServerFlags(input).some(({ name }) => normal(name) === flag);
}
