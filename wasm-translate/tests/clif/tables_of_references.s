  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x40(%rdi), %rdi
  movl %esi, %ecx
  uninit  %rax
  xorq %rax, %rax
  leaq (%rdi, %rcx, 8), %r9
  cmpq $0x2bc, %rcx
  cmovaeq %rax, %r9
  movl %edx, (%r9)
  movl $0x1, %eax
  subq %rdi, %r9
  shrq $0xc, %r9
  subq %r9, %rdi
  movb %al, -1(%rdi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl %esi, %r9d
  uninit  %r8
  xorq %r8, %r8
  movq %r9, %rsi
  shlq $0x3, %rsi
  addq 0x40(%rdi), %rsi
  cmpq $0x2bc, %r9
  cmovaeq %r8, %rsi
  movl $0x0, (%rsi)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x60(%rdi), %rcx
  movq 8(%rcx), %rax
  movq (%rcx), %r8
  movl %esi, %edi
  uninit  %rcx
  xorq %rcx, %rcx
  leaq (%r8, %rdi, 8), %r11
  cmpq %rax, %rdi
  cmovaeq %rcx, %r11
  movl %edx, (%r11)
  movl $0x1, %eax
  subq %r8, %r11
  shrq $0xc, %r11
  subq %r11, %r8
  movb %al, -1(%r8)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x58(%rdi), %r10
  movl %esi, %eax
  uninit  %r11
  xorq %r11, %r11
  movq %rax, %r8
  shlq $0x3, %r8
  addq 0x50(%rdi), %r8
  cmpq %r10, %rax
  cmovaeq %r11, %r8
  movl %edx, (%r8)
  movq %rbp, %rsp
  popq %rbp
  retq

