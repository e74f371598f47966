import type { Found, Rule } from '../../../rules/rule.ts';
import { loopAround } from '../loops.ts';

const PRISMA =
  /\bprisma\b(?:\w*\(\))?\.\w+\.(?:findUnique|findUniqueOrThrow|findFirst|findFirstOrThrow|findMany|create|update|delete|upsert|count|aggregate)$/i;
const REPOSITORY =
  /(?:[Rr]epository|[Rr]epo|\bem|entityManager|dataSource|getRepository\(\))\.(?:find|findOne|findOneBy|findBy|findOneOrFail|findOneByOrFail|save|insert|update|delete|query|count|persistAndFlush)$/;
const MODEL =
  /^(?:\?|[\w@./-]+[./])[A-Z]\w*\.(?:findOne|findById|findByPk|findAll|findOrCreate|findOneAndUpdate|findByIdAndUpdate|updateOne|deleteOne|countDocuments|bulkCreate)$/;
const SQL = /(?:^pg\b.*|^mysql2?\b.*|^\?(?:\w+\.)*(?:pool|connection|conn|db|client|knex))\.(?:query|execute)$/;

export const rule: Rule = {
  meta: {
    name: 'n-plus-one',
    severity: 'warning',
    description: 'A query of a database in a loop: one for each row instead of one for all.',
    why: 'A hundred rows take a hundred round trips. Ask once, for all keys (`in`, `include`, a join), and look the answers up in a `Map`.',
    bad: 'export async function load(prisma, orders) {\n  for (const order of orders) {\n    order.user = await prisma.user.findUnique({ where: { id: order.userId } });\n  }\n}',
    good: 'export async function load(prisma, orders) {\n  const users = await prisma.user.findMany({ where: { id: { in: orders.map((one) => one.userId) } } });\n  const byId = new Map(users.map((user) => [user.id, user]));\n  for (const order of orders) order.user = byId.get(order.userId);\n}',
  },
  *check(file): Generator<Found> {
    if (file.isTest || file.isTool || /seed|migration/i.test(file.file)) return;
    for (const { tree, names } of file.scripts) {
      for (const call of tree.all('CallExpression')) {
        const path = names.pathOf(call.callee);
        if (!PRISMA.test(path) && !REPOSITORY.test(path) && !MODEL.test(path) && !SQL.test(path)) continue;
        const loop = loopAround(tree, call);
        if (!loop) continue;
        // A page after the other, or until it works.
        const { node } = loop;
        if (
          node.type === 'WhileStatement' ||
          node.type === 'DoWhileStatement' ||
          (node.type === 'ForStatement' && node.test === null)
        )
          continue;
        const text = file.text.slice(node.start, node.end);
        if (/\b(?:cursor|offset|batch|chunk|page|retr(?:y|ies)|attempt)\w*\b/i.test(text)) continue;
        if (/transaction|\$transaction/.test(text) && loop.kind === 'callback') continue;
        yield {
          at: call.callee,
          message:
            'This asks the database once for each round of the loop. Ask once for all keys, and look the answers up in a `Map`.',
        };
      }
    }
  },
};
