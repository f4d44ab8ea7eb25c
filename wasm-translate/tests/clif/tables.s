  pushq %rbp
  movq %rsp, %rbp
  subq $0x10, %rsp
  movq %rbx, (%rsp)
block0:
  movq 0x48(%rdi), %rax
  movq 0x40(%rdi), %r8
  movl %esi, %edx
  uninit  %rcx
  xorq %rcx, %rcx
  leaq (%r8, %rdx, 8), %rsi
  cmpq %rax, %rdx
  cmovaeq %rcx, %rsi
  movq (%rsi), %rax
  testq %rax, %rax
  jnz     label1; j label2
block1:
  movq %rdi, %rbx
  jmp     label3
block3:
  cmpq 0x18(%rbx), %rax
  cmoveq (%rip), %rax
  movq (%rsp), %rbx
  addq $0x10, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq
block2:
  movq 0x10(%rdi), %rax
  movq %rdi, %rbx
  movq 0x50(%rax), %rax
  uninit  %rcx
  xorl %ecx, %ecx
  movl %ecx, %esi
  call    *%rax
  jmp     label3

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movq 0x40(%rdi), %rcx
  movq 0x18(%rdi), %r11
  testq %rdx, %rdx
  cmovneq %rdx, %r11
  movl %esi, %esi
  uninit  %rdx
  xorq %rdx, %rdx
  leaq (%rcx, %rsi, 8), %rcx
  cmpq %rax, %rsi
  cmovaeq %rdx, %rcx
  movq %r11, (%rcx)
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
  movl (%r8), %eax
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x48(%rdi), %rax
  movq %rbp, %rsp
  popq %rbp
  retq

