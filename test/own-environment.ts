/**
 * Runs before every test file. What whoever runs the tests may have set is not theirs: they talk to servers of their own on
 * loopback, never through a proxy, and read what kboot prints in English, without the colours that FORCE_COLOR and CI turn on.
 */
for (const name of Object.keys(process.env))
  if (/^((https?|all|no)_proxy|ci|force_color)$/i.test(name)) Reflect.deleteProperty(process.env, name);
for (const name of ['LC_ALL', 'LC_MESSAGES', 'LANG'])
  if (/^zh/i.test(process.env[name] ?? '')) process.env[name] = 'C.UTF-8';

export {};
