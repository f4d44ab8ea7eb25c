// What the JavaScript engine is trained on: other code than the one that is measured.
(function () {
  const out = [];
  function ackermann(m, n) {
    return m === 0 ? n + 1 : n === 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
  }
  out.push(ackermann(2, 30));

  const primes = [];
  for (let n = 2; primes.length < 800; n++) if (primes.every((p) => p * p > n || n % p)) primes.push(n);
  out.push(primes[799]);

  function Node(value, next) { this.value = value; this.next = next; }
  let list = null;
  for (let i = 0; i < 5000; i++) list = new Node({ id: i, text: "n" + i }, list);
  let length = 0;
  for (let node = list; node; node = node.next) length += node.value.text.length;
  out.push(length);

  const people = primes.map((p, i) => ({ name: "p" + (p % 97), age: i % 60, tags: ["a" + i % 3, "b"] }));
  people.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : a.age - b.age);
  const text = JSON.stringify(people);
  const again = JSON.parse(text).filter((p) => /p[1-4]\d?$/.test(p.name));
  out.push(text.length, again.length, [...new Set(again.map((p) => p.name))].join("").length);
  return out.join(" ");
})()
