/** A small shop to play with: three tables, each a region of its own, so that each has its primary. */

const TABLES: readonly string[] = [
  "CREATE TABLE IF NOT EXISTS customers (id INT AUTO_INCREMENT PRIMARY KEY, " +
  "name VARCHAR(60) NOT NULL, city VARCHAR(60) NOT NULL, since DATE NOT NULL)",
  "CREATE TABLE IF NOT EXISTS products (id INT AUTO_INCREMENT PRIMARY KEY, " +
  "name VARCHAR(60) NOT NULL, price DECIMAL(8,2) NOT NULL, stock INT NOT NULL)",
  "CREATE TABLE IF NOT EXISTS orders (id INT AUTO_INCREMENT PRIMARY KEY, " +
  "customer INT NOT NULL, product INT NOT NULL, quantity INT NOT NULL, " +
  "ordered DATETIME NOT NULL, KEY customer (customer))",
];

const CUSTOMERS: readonly (readonly [string, string, string])[] = [
  ["Ada Lovelace", "London", "2019-12-10"],
  ["Grace Hopper", "New York", "2020-01-15"],
  ["王小云", "杭州", "2020-03-02"],
  ["Edsger Dijkstra", "Rotterdam", "2020-05-11"],
  ["Frances Allen", "Peru", "2021-08-04"],
  ["Çiğdem Kaya", "İzmir", "2022-02-28"],
  ["Barbara Liskov", "Los Angeles", "2022-11-07"],
  ["Tony Hoare", "Colombo", "2023-01-11"],
];

const PRODUCTS: readonly (readonly [string, string, number])[] = [
  ["Green tea 🍵", "6.50", 120],
  ["Coffee, whole beans", "11.90", 80],
  ["Oat biscuits", "2.75", 300],
  ["Marmalade", "4.20", 64],
  ["Kettle", "39.00", 12],
  ["Teapot, cast iron", "54.95", 7],
  ["Cup with a saucer", "9.80", 150],
  ["Sugar tongs", "7.25", 25],
];

const ORDERS = 40;
const FIRST_ORDER = Date.UTC(2024, 0, 8, 9, 30);
const HOUR_MS = 3_600_000;

/** What is needed of a client of the cluster. */
export interface Runs {
  query(sql: string): Promise<{ readonly rows: readonly (readonly unknown[])[] }>;
}

/** Makes the tables, and fills those that are empty. */
export async function loadShop(client: Runs): Promise<void> {
  // In turn: the next one is led by a server that leads fewer.
  for (const sql of TABLES) await client.query(sql);
  await Promise.all([
    fill(client, "customers (name, city, since)", CUSTOMERS),
    fill(client, "products (name, price, stock)", PRODUCTS),
    fill(client, "orders (customer, product, quantity, ordered)", orders()),
  ]);
}

async function fill(
  client: Runs,
  into: string,
  rows: readonly (readonly (string | number)[])[],
): Promise<void> {
  const [table] = into.split(" ");
  const { rows: [count] } = await client.query(`SELECT COUNT(*) FROM ${table}`);
  if (Number(count?.[0]) > 0) return;
  const values = rows.map((row) => `(${row.map(literal).join(", ")})`);
  await client.query(`INSERT INTO ${into} VALUES ${values.join(", ")}`);
}

/** The same ones every time. */
function orders(): readonly (readonly (string | number)[])[] {
  return Array.from({ length: ORDERS }, (_, at) => {
    const customer = (at * 5) % CUSTOMERS.length + 1;
    const product = (at * 3 + Math.floor(at / PRODUCTS.length)) % PRODUCTS.length + 1;
    const moment = new Date(FIRST_ORDER + at * 7 * HOUR_MS).toISOString();
    return [customer, product, at % 4 + 1, moment.slice(0, 19).replace("T", " ")];
  });
}

function literal(value: string | number): string {
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
