// Lua 5.4 on a script that calls, allocates, sorts, and works on strings.
#include <stdio.h>
#include <stdlib.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char script[] =
    "local scale = ...\n"
    "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
    "print('fib', fib(22 + scale))\n"
    "local function queens(n)\n"
    "  local count, columns, up, down = 0, {}, {}, {}\n"
    "  local function place(row)\n"
    "    if row > n then count = count + 1 return end\n"
    "    for column = 1, n do\n"
    "      if not columns[column] and not up[row + column] and not down[row - column + n] then\n"
    "        columns[column], up[row + column], down[row - column + n] = true, true, true\n"
    "        place(row + 1)\n"
    "        columns[column], up[row + column], down[row - column + n] = nil, nil, nil\n"
    "      end\n"
    "    end\n"
    "  end\n"
    "  place(1)\n"
    "  return count\n"
    "end\n"
    "print('queens', queens(7))\n"
    "local seed = 42\n"
    "local function random() seed = (seed * 1103515245 + 12345) % 2147483648 return seed end\n"
    "local list = {}\n"
    "for i = 1, 4000 * scale do list[i] = random() end\n"
    "table.sort(list)\n"
    "table.sort(list, function(a, b) return a % 1000 < b % 1000 or (a % 1000 == b % 1000 and a < b) end)\n"
    "print('sort', list[1], list[#list // 2], list[#list])\n"
    "local words, counts = {}, {}\n"
    "for i = 1, 3000 * scale do\n"
    "  local word = string.format('w%03d', random() % 500)\n"
    "  counts[word] = (counts[word] or 0) + 1\n"
    "  words[#words + 1] = word\n"
    "end\n"
    "local text = table.concat(words, ' ')\n"
    "local replaced, times = text:gsub('w(%d)(%d)', '%2%1')\n"
    "local sum = 0\n"
    "for number in replaced:gmatch('%d+') do sum = sum + tonumber(number) end\n"
    "print('text', #text, times, sum, counts.w123)\n"
    "local point = {}\n"
    "point.__index = point\n"
    "point.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, point) end\n"
    "function point:length() return (self.x * self.x + self.y * self.y) ^ 0.5 end\n"
    "local p = setmetatable({x = 0, y = 0}, point)\n"
    "for i = 1, 20000 * scale do p = p + setmetatable({x = i % 7, y = i % 11 * 0.5}, point) end\n"
    "print('points', p.x, p.y, p:length())\n";

int main(int argc, char **argv) {
    lua_State *lua = luaL_newstate();
    luaL_requiref(lua, "_G", luaopen_base, 1);
    luaL_requiref(lua, "table", luaopen_table, 1);
    luaL_requiref(lua, "string", luaopen_string, 1);
    luaL_requiref(lua, "math", luaopen_math, 1);
    lua_settop(lua, 0);
    if (luaL_loadbufferx(lua, script, sizeof script - 1, "script", "t") != LUA_OK) return 1;
    lua_pushinteger(lua, argc > 1 ? atoi(argv[1]) : 1);
    lua_call(lua, 1, 0);
    lua_close(lua);
    return 0;
}
