import { error, warning, type Path, type Problem } from '../position.ts';
import type { FeatureGates, GateFacts } from './facts.ts';
import { hintFor, kubernetes, whyNotIn } from './versions.ts';

interface Context {
  readonly path: Path;
  readonly minor: number;
  readonly gates: FeatureGates;
  readonly isIgnored: boolean;
}

/** What is wrong with one feature gate at `path`; `name` and `value` are what was stated, or an undefined value if it is not valid. */
export function gateProblems(
  name: string,
  value: boolean | undefined,
  { path, minor, gates, isIgnored }: Context,
): Problem[] {
  const at = (problem: Problem): Problem[] => [{ ...problem, at: 'key' }];
  const facts = factsOf(name, gates);
  if (facts === undefined) {
    if (gates.removed.includes(name)) {
      const when = `before ${kubernetes(gates.oldest)}`;
      return at(error(path, `feature gate ${name} was removed ${when}; remove it`));
    }
    const message = `${kubernetes(minor)} has no feature gate "${name}"`;
    return at(error(path, message + hintFor(name, knownGates(gates, minor), isIgnored)));
  }
  const gone = whyNotIn(minor, facts);
  if (gone !== undefined) return at(error(path, `feature gate ${name} ${gone}`));
  const isLocked = facts.lockedSince !== undefined && minor >= facts.lockedSince;
  if (isLocked && value !== undefined && value !== facts.locked) {
    const message = `feature gate ${name} is locked to ${facts.locked} in ${kubernetes(minor)} and cannot be ${value}; remove it`;
    return at(error(path, message));
  }
  if (facts.deprecatedSince !== undefined && minor >= facts.deprecatedSince) {
    return at(
      warning(path, `feature gate ${name} is deprecated, and a later version of Kubernetes removes it`),
    );
  }
  return [];
}

/** Facts about a gate; undefined if no covered minor has it. */
function factsOf(name: string, { plain, gates }: FeatureGates): GateFacts | undefined {
  if (Object.hasOwn(gates, name)) return gates[name];
  return plain.includes(name) ? {} : undefined;
}

function knownGates({ plain, gates }: FeatureGates, minor: number): readonly string[] {
  const others = Object.entries(gates).filter(([, facts]) => whyNotIn(minor, facts) === undefined);
  return [...plain, ...others.map(([name]) => name)];
}
