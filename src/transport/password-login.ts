import type { AnyAuthMethod, AuthenticationType, KeyboardInteractiveAuthMethod, Prompt } from 'ssh2';
import { visible } from '../model/visible.ts';
import type { Deadline } from './deadline.ts';
import { describeEndpoint, type Endpoint } from './endpoint.ts';
import { askInTurn } from './secret.ts';
import { statedPassword, typedPassword, type Offer } from './typed-password.ts';
import type { ConnectOptions } from './types.ts';
import { remedies } from './remedies.ts';
import type { Text } from '../model/language/text.ts';

/** A login in progress. */
export interface LoginState {
  readonly endpoint: Endpoint;
  readonly options: ConnectOptions;
  readonly deadline: Deadline;
  /** The methods that the server still allows, if known. */
  accepted: readonly AuthenticationType[] | null;
  /** Whether it accepted the last credential, and wants another. */
  partial: boolean;
  /** Credentials that the host refused. */
  readonly tried: string[];
  /** Credentials that could not be offered, and the remedy. */
  readonly unused: Unused[];
  /** The typed password, once it was sent. */
  typed: Offer | undefined;
}

export interface Unused {
  readonly what: string;
  readonly why: string;
  readonly remedy?: Text;
}

export function takes(state: LoginState, method: AuthenticationType): boolean {
  return state.accepted?.includes(method) ?? true;
}

/**
 * A password, by the method `password` or by dialogue (keyboard-interactive), and a dialogue after another method if the
 * server wants both. The password goes to the server that it is for, and to no question but that for a password.
 */
export async function* passwordMethods(state: LoginState): AsyncGenerator<AnyAuthMethod, undefined> {
  const { user: username } = state.endpoint;
  if (state.accepted === null) yield { type: 'none', username };
  if (takes(state, 'password')) {
    const password = await passwordFor(state);
    if (password === undefined) return undefined;
    yield { type: 'password', username, password };
    if (!state.partial) {
      state.tried.push('password');
      return undefined;
    }
  }
  if (takes(state, 'keyboard-interactive')) {
    const talk: Talk = { heard: [] };
    yield dialogue(state, talk);
    if (talk.cancelled !== undefined) throw talk.cancelled;
    state.tried.push(...talk.heard);
  }
  return undefined;
}

/** The password for this server; undefined, with the reason in `unused`, if there is none for it. */
async function passwordFor(state: LoginState): Promise<string | undefined> {
  const { endpoint, options } = state;
  const { host, user, isBastion } = endpoint;
  const stated = isBastion ? options.bastionPassword : options.sshPassword;
  const variable = isBastion ? 'KBOOT_BASTION_PASSWORD' : 'KBOOT_SSH_PASSWORD';
  const at = describeEndpoint(endpoint);
  const [name, question] = isBastion
    ? [`${user}@${at}`, `SSH password for ${user} on the ${at}`]
    : [`ssh ${user}`, `SSH password for ${user} on ${host} (then used for other hosts that ask)`];
  const offer = await state.deadline.stoppedWhile(() =>
    stated === undefined
      ? typedPassword(options.askSecret, name, question, host)
      : statedPassword(options.askSecret, variable, stated, user, isBastion ? `the ${at}` : host),
  );
  if (offer === undefined) {
    state.unused.push({
      what: 'password',
      why: `${variable} is not set, and there is no terminal to prompt on`,
    });
    return undefined;
  }
  if ('refusedBy' in offer) {
    state.unused.push({
      what: 'password',
      why: `${offer.refusedBy} refused the one ${stated === undefined ? 'that was typed' : `in ${variable}`}`,
    });
    return undefined;
  }
  state.typed = offer;
  return offer.secret;
}

/** A dialogue with a server. */
interface Talk {
  /** What was answered. */
  readonly heard: string[];
  /** Somebody cancelled a prompt. */
  cancelled?: Error;
}

/** Answers the server's questions. */
function dialogue(state: LoginState, talk: Talk): KeyboardInteractiveAuthMethod {
  return {
    type: 'keyboard-interactive',
    username: state.endpoint.user,
    prompt: (_name, _instructions, _language, prompts, finish) => {
      answersTo(state, prompts, talk.heard).then(finish, (error: unknown) => {
        talk.cancelled = error instanceof Error ? error : new Error(String(error));
        finish(prompts.map(() => ''));
      });
    },
  };
}

/** All questions of one request are answered, or none. */
async function answersTo(state: LoginState, prompts: readonly Prompt[], heard: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const { prompt, echo } of prompts) {
    const isPassword = echo !== true && asksForPassword(prompt);
    // A second time, the password was wrong.
    if (isPassword && heard.includes('password')) return prompts.map(() => '');
    const answer = isPassword ? await passwordFor(state) : await typedAnswer(state, prompt);
    if (answer === undefined) return prompts.map(() => '');
    heard.push(isPassword ? 'password' : `the answer to "${shortened(prompt)}"`);
    answers.push(answer);
  }
  return answers;
}

/** What only a person knows, such as a code: asked on the terminal, where the question says who asks. */
async function typedAnswer(state: LoginState, prompt: string): Promise<string | undefined> {
  const { endpoint, options } = state;
  const asker = endpoint.isBastion ? `the ${describeEndpoint(endpoint)}` : endpoint.host;
  const answer = await state.deadline.stoppedWhile(() =>
    askInTurn(options.askSecret, `${asker} asks ${endpoint.user}: ${shortened(prompt)}`),
  );
  if (answer === undefined)
    state.unused.push({
      what: `an answer to "${shortened(prompt)}"`,
      why: 'there is no terminal to prompt on, and a password is only for a question for a password',
      remedy: remedies.terminalOrKey,
    });
  return answer;
}

const shortened = (prompt: string): string =>
  visible(prompt.trim().replaceAll(/\s+/g, ' ').slice(0, 100)).replace(/:$/, '');

/** In the languages that PAM is translated to, as far as they are common on servers. */
const password =
  /passwor[dt]|passwort|mot de passe|contraseña|senha|wachtwoord|parola|hasło|heslo|lösenord|пароль|密码|密碼|パスワード|암호/i;
/** A password that lasts for one login, a code, or a password that is about to be changed. */
const another =
  /one.?time|einmal|\botp\b|totp|oath|code|token|verif|factor|challenge|\bpin\b|yubikey|\bduo\b|securid|\bnew\b|\bagain\b|retype|re-?enter|current|change|neues/i;

/** Whether a question of a dialogue asks for the user's password (`Password: `, `(ops@cp-1) Password: `). */
export function asksForPassword(prompt: string): boolean {
  return password.test(prompt) && !another.test(prompt.replace(/^\s*\([^)]*\)/, ''));
}
