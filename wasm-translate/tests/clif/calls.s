  pushq %rbp
  movq %rsp, %rbp
block0:
  call    User(userextname0)
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  movq 0x50(%rdi), %r8
  movq 0x58(%rdi), %rdi
  call    *%r8
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %rbx, 0x10(%rsp)
block0:
  movq %rsi, %rcx
  movq %rdi, <offset:1>+(%rsp)
  movq 0x48(%rdi), %rax
  movq 0x40(%rdi), %rsi
  movl %ecx, %edx
  uninit  %rcx
  xorq %rcx, %rcx
  leaq (%rsi, %rdx, 8), %rsi
  cmpq %rax, %rdx
  cmovaeq %rcx, %rsi
  movq (%rsi), %rax
  testq %rax, %rax
  jnz     label1; j label2
block1:
  movq %rdi, %rbx
  jmp     label3
block3:
  movl 0x10(%rax), %ecx
  movl 0x90(%rbx), %edx
  cmpl %edx, %ecx
  jnz     label5; j label4
block4:
  movq (%rax), %rcx
  movq 8(%rax), %rdi
  movl $0x5, %esi
  call    *%rcx
  movq 0x10(%rsp), %rbx
  addq $0x20, %rsp
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
block5:
  cmpq 0x18(%rbx), %rax
  jz #trap=user5
  ud2

  pushq %rbp
  movq %rsp, %rbp
block0:
  movl $0x3, (%rsi)
  movl $0x1, %eax
  movl $0x2, %ecx
  movq %rbp, %rsp
  popq %rbp
  retq

  pushq %rbp
  movq %rsp, %rbp
block0:
  return_call_known User(userextname0) (0) tmp=%r11 %rdi=%rdi %rsi=%rsi

  pushq %rbp
  movq %rsp, %rbp
  subq $0x20, %rsp
  movq %r12, 0x10(%rsp)
block0:
  leaq <offset:1>+(%rsp), %r12
  movq %r12, %rsi
  call    User(userextname0)
  addl (%r12), %ecx
  leal (%rax, %rcx), %eax
  movq 0x10(%rsp), %r12
  addq $0x20, %rsp
  movq %rbp, %rsp
  popq %rbp
  retq

