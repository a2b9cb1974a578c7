export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substitution {
  readonly text: string;
  /** Whether at least one variable was substituted. */
  readonly changed: boolean;
  /** What was taken from the environment. */
  readonly taken: readonly Taken[];
  /** Problems with the references, worded for the user. */
  readonly problems: readonly string[];
}

/** A value of the environment, which no message may show, and the name of its variable. */
export interface Taken {
  readonly name: string;
  readonly value: string;
}

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const wellFormed = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/**
 * Substitutes environment variables in one value: `${NAME}` must be set, `${NAME:-default}` falls back to the
 * default when NAME is unset or empty, `$${` is a literal `${`. Any other `$` is kept.
 */
export function substitute(text: string, env: Environment): Substitution {
  if (!text.includes('${')) return { text, changed: false, taken: [], problems: [] };
  const problems: string[] = [];
  const taken: Taken[] = [];
  let changed = false;
  const result = text.replace(
    reference,
    (match: string, inner: string | undefined, close: string | undefined) => {
      if (inner === undefined) return '${';
      const [, name, fallback] = wellFormed.exec(inner) ?? [];
      if (name === undefined || close !== '}') {
        problems.push(`"${match}" must be \${NAME} or \${NAME:-default}; write $\${ for a literal \${`);
        return match;
      }
      if (/^KBOOT_/i.test(name)) {
        problems.push(
          `environment variable ${name} is one of kboot's own, some of which are passwords; use a name that does not begin with KBOOT_`,
        );
        return match;
      }
      changed = true;
      const value = env[name];
      if (fallback !== undefined && (value === undefined || value === '')) return fallback;
      if (value === undefined) {
        problems.push(
          `environment variable ${name} is not set; set it, or provide a default: \${${name}:-VALUE}`,
        );
        return match;
      }
      taken.push({ name, value });
      return value;
    },
  );
  return { text: result, changed, taken, problems };
}
