import type { Found, Rule } from '../../../rules/rule.ts';
import { addressOf, beginningOf, requestsIn } from '../requests.ts';

export const rule: Rule = {
  meta: {
    name: 'credentials-in-url',
    severity: 'error',
    description: 'A user name and password in the address of a request.',
    why: 'Addresses end up in logs, and the code in a repository. Send them in a header, and read them from the environment. `fetch` refuses such addresses anyway.',
    cwe: 522,
    bad: "import axios from 'axios';\n\nexport const load = () => axios.get('https://robot:Xk29fhLw@api.acme.io/users', { timeout: 5000 });",
    good: "import axios from 'axios';\n\nexport const load = () => axios.get('https://api.acme.io/users', { auth, timeout: 5000 });",
  },
  *check(file): Generator<Found> {
    if (file.isTest || !/:\/\/[^/\s'"`]*:[^/\s'"`]*@/.test(file.text)) return;
    for (const script of file.scripts) {
      for (const { call } of requestsIn(script)) {
        const address = addressOf(call, script);
        const text = beginningOf(address, script);
        const [, user] = /^\w+:\/\/([^/:@\s]+):[^/@\s]+@/.exec(text ?? '') ?? [];
        if (address && user !== undefined)
          yield {
            at: address,
            message: `The address has the password of \`${user}\` in it. Send it in a header, and read it from the environment.`,
          };
      }
    }
  },
};
