// For the JavaScript engine: objects, closures, strings, sorting, regular expressions.
(function () {
  const out = [];
  function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
  out.push(fib(25));

  class Vector {
    constructor(x, y) { this.x = x; this.y = y; }
    add(other) { return new Vector(this.x + other.x, this.y + other.y); }
  }
  let sum = new Vector(0, 0);
  for (let i = 0; i < 100000; i++) sum = sum.add(new Vector(i % 7, i % 11 / 2));
  out.push(sum.x, sum.y);

  let seed = 42;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
  const list = Array.from({ length: 20000 }, random);
  list.sort((a, b) => a - b);
  out.push(list[0], list[10000], list[19999]);

  const counts = new Map();
  const words = [];
  for (let i = 0; i < 30000; i++) {
    const word = "w" + random() % 500;
    counts.set(word, (counts.get(word) || 0) + 1);
    words.push(word);
  }
  const text = words.join(" ");
  out.push(text.length, text.replace(/w(\d)(\d)/g, "$2$1").split(" ").reduce((a, b) => a + b.length, 0), counts.size);

  const data = JSON.stringify({ words: words.slice(0, 5000), nested: list.slice(0, 2000).map((n) => ({ n, half: n / 2 })) });
  const again = JSON.parse(data);
  out.push(data.length, again.nested[1999].half);

  const sieve = new Uint8Array(300000);
  let primes = 0;
  for (let i = 2; i < sieve.length; i++) {
    if (sieve[i]) continue;
    primes++;
    for (let j = i * i; j < sieve.length; j += i) sieve[j] = 1;
  }
  out.push(primes);
  return out.join(",");
})();
