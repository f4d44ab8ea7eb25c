  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  movl %edx, %esi
  cmpq %r10, %rsi
  movq %r10, %r8
  cmovaeq %rsi, %r8
  movl %ecx, %edx
  leaq (%r8, %rdx), %r8
  cmpq %rax, %r8
  jnbe #trap=heap_oob
  movq 0x10(%rdi), %rcx
  movq 0xc8(%rcx), %r9
  movq 0x40(%rdi), %rcx
  leaq (%rcx, %r10), %rdi
  leaq (%rcx, %rsi), %rsi
  uninit  %rcx
  xorq %rcx, %rcx
  cmpq %rax, %r8
  cmovaq %rcx, %rdx
  call    *%r9
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r11
  movq 0x58(%rdi), %r8
  movl %esi, %r9d
  movq %r9, %r10
  movl %ecx, %edx
  movq %r10, %rax
  leaq (%rax, %rdx), %r9
  cmpq %r8, %r9
  jnbe #trap=heap_oob
  movq 0x48(%rdi), %rax
  movq %r11, %rcx
  movl %ecx, %esi
  uninit  %rcx
  xorq %rcx, %rcx
  cmpq %r8, %r9
  cmovaq %rcx, %rdx
  leaq (%rsi, %rdx), %r8
  cmpq %rax, %r8
  jnbe #trap=heap_oob
  movq 0x10(%rdi), %r9
  movq 0xc8(%r9), %r9
  movq %rdi, %r11
  movq %r10, %rdi
  movq %r11, %r10
  addq 0x50(%r10), %rdi
  addq 0x40(%r10), %rsi
  cmpq %rax, %r8
  cmovaq %rcx, %rdx
  call    *%r9
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq %rdx, %r11
  movq 0x48(%rdi), %rax
  movl %esi, %r10d
  movl %ecx, %edx
  movq %r10, %rsi
  leaq (%rsi, %rdx), %rcx
  cmpq %rax, %rcx
  jnbe #trap=heap_oob
  movq 0x10(%rdi), %rsi
  movq %rdi, %r8
  movq 0xd0(%rsi), %r9
  movq %r10, %rdi
  addq 0x40(%r8), %rdi
  uninit  %r8
  xorq %r8, %r8
  cmpq %rax, %rcx
  cmovaq %r8, %rdx
  movq %r11, %rax
  movl %eax, %esi
  call    *%r9
  movq %rbp, %rsp
  popq %rbp
  retq

